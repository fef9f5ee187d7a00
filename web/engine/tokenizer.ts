/**
 * Text to tokens: by a checkpoint's tokenizer.json, or, where there is none, by reading token ids. Runs in the worker;
 * the only importer of the tokenizers library, which is loaded when it is first needed.
 */
import { EngineError } from './errors';
import { align, type Piece, type Place } from './tokens';
import type { Token } from './types';

export type Tokenize = (text: string) => Token[];

/** Longer texts are refused before any work: they could not fit a model's positions anyway. */
const LONGEST_TEXT = 200_000;
const LARGEST_FILE = 64 * 1024 * 1024;
const MODELS = ['WordPiece', 'BPE', 'Unigram', 'WordLevel'];

/**
 * Understands a tokenizer.json. Its truncation and padding are ignored: the model's own limit rules.
 * @throws {EngineError} bad-config, naming what is wrong
 */
export async function readTokenizer(json: string): Promise<Tokenize> {
  const description = parse(json);
  const { Tokenizer } = await import('@huggingface/tokenizers');
  let tokenizer: InstanceType<typeof Tokenizer>;
  let frame: { before: Piece[]; after: Piece[] };
  const pieces = (text: string, special: boolean): Piece[] => {
    const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: special });
    return ids.map((id, i) => ({ id, piece: tokens[i] ?? '' }));
  };
  try {
    tokenizer = new Tokenizer(description, {});
    frame = frameOf(pieces('a', true), pieces('a', false));
  } catch (error) {
    throw bad('a tokenizer that can be used', error instanceof Error ? error.message : String(error));
  }
  const unknown = description.model.unk_token ?? '';
  return (text) => {
    checkLength(text);
    // The library lower-cases a final capital sigma to its final form, the reference implementation does not.
    const inner = pieces(text.replaceAll('Σ', 'σ'), false);
    for (const { id, piece } of inner) {
      if (!Number.isInteger(id)) throw bad('an id for every piece', `none for ${JSON.stringify(piece.slice(0, 40))}`);
    }
    const places = align(text, inner, unknown);
    return [
      ...frame.before.map((piece) => ({ ...piece, place: null, special: true })),
      ...inner.map((piece, i) => ({ ...piece, place: places[i] ?? null, special: false })),
      ...frame.after.map((piece) => ({ ...piece, place: null, special: true })),
    ].map((token, index) => tokenOf(text, index, token));
  };
}

/** Without a tokenizer the text is its token ids, separated by spaces. */
export const tokenizeIds: Tokenize = (text) => {
  checkLength(text);
  return [...text.matchAll(/\S+/g)].map((match, index) => {
    const piece = match[0];
    const id = Number(piece);
    if (!/^\d{1,9}$/.test(piece)) {
      throw new EngineError({
        code: 'bad-request',
        message: 'This checkpoint came without tokenizer.json: type token ids, separated by spaces.',
        expected: 'whole numbers, such as "101 2009 102"',
        found: JSON.stringify(piece.slice(0, 40)),
      });
    }
    const place = { start: match.index, end: match.index + piece.length };
    return tokenOf(text, index, { id, piece, place, special: false });
  });
};

function tokenOf(text: string, index: number, token: Piece & { place: Place; special: boolean }): Token {
  const { id, piece, place, special } = token;
  return {
    index,
    id,
    piece,
    text: place === null ? piece : text.slice(place.start, place.end),
    start: place?.start ?? null,
    end: place?.end ?? null,
    special,
  };
}

/** What the tokenizer puts around every text, found by comparing one text with and without it. */
function frameOf(framed: readonly Piece[], plain: readonly Piece[]): { before: Piece[]; after: Piece[] } {
  const count = framed.length - plain.length;
  for (let before = 0; before <= count; ++before) {
    if (plain.every(({ id }, i) => framed[before + i]?.id === id)) {
      return { before: framed.slice(0, before), after: framed.slice(before + plain.length) };
    }
  }
  throw bad('special tokens around the text alone', 'some inside it');
}

function checkLength(text: string): void {
  if (text.length > LONGEST_TEXT) {
    throw new EngineError({
      code: 'too-long',
      message: `The text has ${text.length} characters.`,
      expected: `at most ${LONGEST_TEXT}`,
      found: String(text.length),
    });
  }
}

interface Description {
  readonly model: { readonly type?: string; readonly unk_token?: string | null; readonly vocab: object };
}

/** The parts that everything else relies on; the library takes anything without complaint. */
function parse(json: string): Description {
  if (json.length > LARGEST_FILE) throw bad(`at most ${LARGEST_FILE} characters`, String(json.length));
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw bad('JSON', JSON.stringify(json.slice(0, 40)));
  }
  const model = isObject(value) ? value['model'] : undefined;
  if (!isObject(value) || !isObject(model)) throw bad('an object with a model', typeof value);
  const { type, vocab } = model;
  if (typeof type === 'string' && !MODELS.includes(type))
    throw bad(`a model of type ${MODELS.join(', ')}`, type.slice(0, 40));
  if (Array.isArray(vocab)) {
    const wrong = vocab.find(
      (entry) => !Array.isArray(entry) || typeof entry[0] !== 'string' || typeof entry[1] !== 'number',
    );
    if (wrong !== undefined) throw bad('a vocabulary of [piece, score]', JSON.stringify(wrong).slice(0, 60));
  } else if (isObject(vocab)) {
    for (const [piece, id] of Object.entries(vocab)) {
      if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > 0x7fff_ffff) {
        throw bad('ids that are whole numbers', `${JSON.stringify(piece.slice(0, 40))}: ${String(id).slice(0, 40)}`);
      }
    }
  } else throw bad('a vocabulary', typeof vocab);
  return value as unknown as Description;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function bad(expected: string, found: string): EngineError {
  return new EngineError({
    code: 'bad-config',
    message: `tokenizer.json: expected ${expected}, found ${found}.`,
    expected,
    found,
  });
}
