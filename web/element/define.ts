/** Registers a custom element once, and nothing where there is no registry: the module can be imported on a server. */
export function define(tag: string, element: CustomElementConstructor): void {
  if (globalThis.customElements === undefined || customElements.get(tag) !== undefined) return;
  customElements.define(tag, element);
}
