/** What the reader has read and answered, kept in the browser. The only part of the guide that stores it. */

const KEY = 'headlight-guide';
const MOST = 64;

export interface Progress {
  /** Sections by their ids. */
  readonly read: readonly string[];
  /** Which option was chosen, by the question's id. */
  readonly answers: Readonly<Record<string, number>>;
}

const NONE: Progress = { read: [], answers: {} };
const listeners = new Set<(progress: Progress) => void>();
let progress: Progress | null = null;

/** What was stored, as far as it makes sense: storage is as hostile as any other text. */
export function progressFrom(stored: string | null): Progress {
  if (stored === null || stored.length > 10_000) return NONE;
  let found: unknown;
  try {
    found = JSON.parse(stored);
  } catch {
    return NONE;
  }
  const { read, answers } = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
  const isName = (name: unknown): name is string => typeof name === 'string' && /^[\w-]{1,40}$/.test(name);
  const isAnswer = ([name, option]: [string, unknown]) =>
    isName(name) && Number.isInteger(option) && (option as number) >= 0 && (option as number) < 10;
  return {
    read: Array.isArray(read) ? [...new Set(read.filter(isName))].slice(0, MOST) : [],
    answers:
      typeof answers === 'object' && answers !== null
        ? Object.fromEntries(Object.entries(answers).filter(isAnswer).slice(0, MOST))
        : {},
  };
}

export function progressNow(): Progress {
  if (progress === null) {
    try {
      progress = progressFrom(localStorage.getItem(KEY));
    } catch {
      progress = NONE; // Storage may be refused: it lasts as long as the page then.
    }
  }
  return progress;
}

export function markRead(section: string, isRead: boolean): void {
  const { read } = progressNow();
  const others = read.filter((name) => name !== section);
  keep({ ...progressNow(), read: isRead ? [...others, section] : others });
}

export function rememberAnswer(question: string, option: number | null): void {
  const { [question]: _, ...others } = progressNow().answers;
  keep({ ...progressNow(), answers: option === null ? others : { ...others, [question]: option } });
}

/** Calls back at once and after every change; returns how to stop. */
export function watchProgress(listener: (progress: Progress) => void): () => void {
  listeners.add(listener);
  listener(progressNow());
  return () => listeners.delete(listener);
}

function keep(next: Progress): void {
  progress = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // As above.
  }
  for (const listener of listeners) listener(next);
}
