/** Cache Storage in memory, for tests in Node: it can be full, and it can be denied. */
export class FakeCaches {
  readonly stores = new Map<string, Map<string, Uint8Array>>();
  /** Bytes that may be kept. */
  quota = Number.POSITIVE_INFINITY;
  /** As in a sandboxed frame. */
  denied = false;

  async open(name: string) {
    if (this.denied) throw new DOMException('Storage is denied.', 'SecurityError');
    const store = this.stores.get(name) ?? new Map<string, Uint8Array>();
    this.stores.set(name, store);
    return {
      match: async (url: string) => {
        const bytes = store.get(url);
        return bytes && new Response(bytes as BodyInit);
      },
      put: async (url: string, response: Response) => {
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (this.bytes + bytes.length > this.quota) throw new DOMException('Full.', 'QuotaExceededError');
        store.set(url, bytes);
      },
      keys: async () => [...store.keys()].map((url) => new Request(url)),
      delete: async (url: string) => store.delete(url),
    };
  }

  async delete(name: string): Promise<boolean> {
    return this.stores.delete(name);
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return [...this.stores.values()]
      .flatMap((store) => [...store.values()])
      .reduce((sum, { length }) => sum + length, 0);
  }

  /** The entries whose address contains every one of the words. */
  entries(...words: string[]): string[] {
    return [...this.stores.values()]
      .flatMap((store) => [...store.keys()])
      .filter((key) => words.every((word) => decodeURIComponent(key).includes(word)));
  }
}
