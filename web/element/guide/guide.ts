/** Everything of the guide that moves: begins its lesson in a language, then defines its elements. */

import { speak } from '../words/words';
import type { Lesson } from './lesson';
import { beginLesson } from './lesson';
import { lightSymbols } from './symbols';

export interface Beginning {
  readonly lang: string;
  readonly text: string;
  /** What the reader comes back to. */
  readonly example: string;
  readonly trace: string;
  readonly layer: number;
  readonly head: number;
  readonly query: number;
}

/** The two models that come with the site; sizes are those of what is downloaded. */
export const SENTENCE_MODEL = { model: 'models/all-minilm-l6-v2/', bytes: 91_335_235 };
export const GENERATING_MODEL = {
  model: 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf',
  bytes: 98_362_432,
};

/** The page is readable before this is called, and stays so if it fails. */
export async function beginGuide({ lang, text, example, trace, layer, head, query }: Beginning): Promise<Lesson> {
  await speak(lang);
  const initial = { text, layer, head, query, view: 'steps' as const };
  const lesson = beginLesson({ ...SENTENCE_MODEL, trace }, { ...GENERATING_MODEL, trace: null }, initial, example);
  lightSymbols(document);
  await import('./figures');
  startQuietly(lesson);
  return lesson;
}

/** The small model comes by itself once the page has, unless the reader's connection counts bytes. */
function startQuietly({ sentence }: Lesson): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData === true) return;
  const start = () => void sentence.start().catch(() => {}); // Shown beside the sentence.
  if (document.readyState === 'complete') setTimeout(start);
  else addEventListener('load', () => setTimeout(start), { once: true });
}
