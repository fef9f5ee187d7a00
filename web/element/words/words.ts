/**
 * What the guide and the bare viewer say, in the reader's language: one file of strings a language, and the two functions
 * that fill them in. English is the catalogue: every other language has its keys, and a test holds it to that.
 */
import en from './en.json';

export type Catalogue = Readonly<Record<keyof typeof en, string>>;
export type Key = keyof Catalogue;

/** What fills a `{name}` of a string. */
export type Parts<Part> = Readonly<Record<string, Part>>;

const LANGUAGES: Readonly<Record<string, () => Promise<Catalogue>>> = {
  zh: async () => (await import('./zh.json')).default,
};

let catalogue: Catalogue = en;
let language = 'en';

/** Speaks the language of the page from now on; one that there is no file for is English. Call it before anything is drawn. */
export async function speak(lang: string): Promise<void> {
  const [code = ''] = lang.toLowerCase().split('-');
  const load = LANGUAGES[code];
  catalogue = load === undefined ? en : await load();
  language = load === undefined ? 'en' : code;
}

/** The language spoken, as in `<html lang>`. */
export const spoken = (): string => language;

/** The string, its `{names}` filled in. */
export function t(key: Key, parts: Parts<string | number> = {}): string {
  return split(catalogue[key])
    .map((piece, i) => (i % 2 === 0 ? piece : String(parts[piece] ?? '')))
    .join('');
}

/** The string as pieces for a template, its `{names}` filled in with numbers, tokens and other markup. */
export function say(key: Key, parts: Parts<unknown> = {}): readonly unknown[] {
  return split(catalogue[key]).map((piece, i) => (i % 2 === 0 ? piece : (parts[piece] ?? '')));
}

/** Text and names in turn, text first. */
const split = (text: string): string[] => text.split(/\{(\w+)\}/);
