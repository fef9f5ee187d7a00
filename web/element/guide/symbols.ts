/**
 * Symbols that mean the same light up together: whatever carries `data-symbol`, in text, formula, code and figure, while
 * one of them is under the pointer or has the focus, or after it was pressed. Only sets `data-lit` on the page; the style
 * sheet does the rest.
 */

/** Watches a document; returns how to stop. */
export function lightSymbols(page: Document): () => void {
  const root = page.documentElement;
  let pinned: string | null = null;
  const symbolAt = (target: EventTarget | null): string | null =>
    (target instanceof Element ? target.closest('[data-symbol]')?.getAttribute('data-symbol') : null) ?? null;
  const light = (symbol: string | null) => {
    const shown = symbol ?? pinned;
    if (shown === null) delete root.dataset['lit'];
    else root.dataset['lit'] = shown;
  };
  const enter = (event: Event) => light(symbolAt(event.target));
  const leave = () => light(null);
  const press = (event: Event) => {
    const button = event.target instanceof Element ? event.target.closest('button[data-symbol]') : null;
    if (button === null) return;
    const symbol = button.getAttribute('data-symbol');
    pinned = pinned === symbol ? null : symbol;
    for (const other of page.querySelectorAll('button[data-symbol]'))
      other.setAttribute('aria-pressed', other.getAttribute('data-symbol') === pinned ? 'true' : 'false');
    light(symbol);
  };
  const release = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || pinned === null) return;
    pinned = null;
    for (const other of page.querySelectorAll('button[data-symbol]')) other.setAttribute('aria-pressed', 'false');
    light(null);
  };
  const listeners = [
    ['pointerover', enter],
    ['pointerleave', leave],
    ['focusin', enter],
    ['focusout', leave],
    ['click', press],
    ['keydown', release as (event: Event) => void],
  ] as const;
  for (const [type, listener] of listeners) page.addEventListener(type, listener);
  return () => {
    for (const [type, listener] of listeners) page.removeEventListener(type, listener);
  };
}
