/** Which keys undo and redo a change: those that every editor has, where no text box wants them for its own text. */

/** What to do; null for any other key, and in a text box. */
export function undoKey(event: KeyboardEvent): 'undo' | 'redo' | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || isWriting(event)) return null;
  const key = event.key.toLowerCase();
  if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
  return key === 'y' && event.ctrlKey && !event.shiftKey ? 'redo' : null;
}

function isWriting(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return target instanceof Element && target.matches(WRITABLE);
}

const WRITABLE = 'textarea, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=button])';
