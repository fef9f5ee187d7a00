/**
 * Turns text into a model's token ids with places in the text, and ids into what they read. The only importer of the
 * tokenizer library, which it trusts with nothing: a tokenizer is somebody's file, and the library takes it as it comes.
 */
import type { Tokenizer as Library } from '@huggingface/tokenizers';
import type { GgufTokenizer } from './bindings';
import { type ChatFrame, chatFrame, type NamedPieces } from './chat';
import { EngineError } from './errors';
import { ggufTokenizerFile } from './gguf-tokenizer';
import { byteAlphabet, bytesOfPiece, readPieces, type Writing } from './pieces';
import {
  checkedFile,
  isId,
  isObject,
  isWatched,
  type Json,
  jsonOf,
  limits,
  refuser,
  shortened,
  steps,
  type TokenizerFile,
} from './tokenizer-file';
import { align, isIdeograph, type Rules, type Span, wellFormed } from './tokens';
import type { ErrorCode, Token } from './types';

export interface Tokenizer {
  /**
   * The tokens of a text; with `chat`, of the text put into the chat template. What the tokenizer or the template adds is
   * `special` and has no place in the text. Time grows with the text, except where `watched`.
   * @throws {EngineError} too-long where the text alone is beyond reason; bad-request for what cannot be read, and for
   *   `chat` where there is no template; bad-config for a piece without an id
   */
  tokenize(text: string, chat: boolean): Token[];
  /**
   * Tokens for generated ids that follow, numbered from `first`, without places. Bytes are read across all of them: a
   * character belongs to the token that completes it.
   */
  generated(ids: readonly number[], first: number): Token[];
  /** One id: its piece as the vocabulary writes it (`#123` where there is none), and how it reads alone. */
  describe(id: number): { readonly piece: string; readonly text: string };
  /** Whether a plain chat template is offered. */
  readonly chat: boolean;
  /** Ids with which a generated text ends. */
  readonly ends: readonly number[];
  /**
   * Whether the file brings a pattern of its own by which texts are split. Nobody knows how long it takes: who calls
   * `tokenize` has to be stopped when it takes too long.
   */
  readonly watched: boolean;
}

/** What files say beside tokenizer.json. */
interface Beside {
  readonly template: string | null;
  /** What templates call the pieces: bos_token, eos_token, … */
  readonly named: NamedPieces;
  /** Whether a chat begins with the tokenizer's own first piece even where the template does not write it. */
  readonly opens: boolean;
}

const fileName = 'tokenizer.json';
const namedPieces = ['bos_token', 'eos_token', 'unk_token', 'pad_token', 'sep_token', 'cls_token'] as const;

/** Control pieces with which published models end an answer. */
const endPieces = [
  ...['</s>', '<eos>', '<end_of_turn>', '<|end|>', '<|endoftext|>', '<|end_of_text|>', '<|eot_id|>', '<|eom_id|>'],
  ...['<|im_end|>', '<|end_of_turn|>', '<|END_OF_TURN_TOKEN|>', '<|eot|>', '<｜end▁of▁sentence｜>'],
];

/**
 * Reads tokenizer.json, and tokenizer_config.json and chat_template.jinja where they are there. Truncation and padding
 * are ignored: what is cut off would be missing from the picture.
 * @throws {EngineError} bad-config, naming what is wrong; unsupported where special tokens do not stand around the text
 */
export async function readTokenizer(files: {
  readonly tokenizer: string;
  readonly config: string | null;
  readonly chatTemplate: string | null;
}): Promise<Tokenizer> {
  const refuse = refuser(fileName);
  const file = checkedFile(jsonOf(files.tokenizer, refuse), refuse);
  const config = files.config === null ? {} : jsonOf(files.config, refuser('tokenizer_config.json'));
  const template = files.chatTemplate ?? templateOf(config['chat_template']);
  const named = Object.fromEntries(namedPieces.map((name) => [name, contentOf(config[name])]));
  return tokenizerOf(file, fileName, { template, named, opens: false });
}

/**
 * Reads the tokenizer that a GGUF file carries; a whole tokenizer.json in it is preferred to its lists.
 * @throws {EngineError} bad-config, naming what is wrong; unsupported for a kind, or a way to split the text, whose rules
 *   are not known: wrong tokens look right
 */
export async function readGgufTokenizer(data: GgufTokenizer): Promise<Tokenizer> {
  const name = 'The GGUF file’s tokenizer';
  const refuse = refuser(name);
  const { huggingface, tokens } = data;
  const file = checkedFile(
    huggingface === null ? ggufTokenizerFile(data, refuse) : jsonOf(huggingface, refuse),
    refuse,
  );
  const piece = (id: number | null) => (id === null ? '' : (tokens[id] ?? ''));
  const named = { bos_token: piece(data.bos), eos_token: piece(data.eos), unk_token: piece(data.unknown) };
  const tokenizer = await tokenizerOf(file, name, { template: data.chatTemplate, named, opens: true });
  if (huggingface !== null) {
    const other = tokens.findIndex((each, id) => {
      if ((data.types?.[id] ?? 1) !== 1) return false;
      const { piece: described } = tokenizer.describe(id);
      return described !== each && described !== `#${id}`;
    });
    if (other >= 0) {
      refuse(
        `piece ${other} differs from the one in its tokenizer.json.`,
        tokenizer.describe(other).piece,
        tokens[other],
      );
    }
  }
  return tokenizer;
}

/** Newer files have several templates by name. */
function templateOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const plain: unknown = value.find((entry) => isObject(entry) && entry['name'] === 'default');
  return isObject(plain) && typeof plain['template'] === 'string' ? plain['template'] : null;
}

function contentOf(value: unknown): string {
  const content = isObject(value) ? value['content'] : value;
  return typeof content === 'string' && content.length <= limits.pieceLength ? content : '';
}

async function tokenizerOf(file: TokenizerFile, name: string, { template, named, opens }: Beside): Promise<Tokenizer> {
  const build = builder(name);
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const library: Library = build(() => new Tokenizer(file, {}));
  const rules = rulesOf(file);
  const writing: Writing = rules.space === 'Ġ' ? 'bytes' : rules.space === '▁' || rules.bytePieces ? 'spaces' : 'plain';
  const lowercases = steps(file['normalizer']).some(
    (step) => step['type'] === 'Lowercase' || step['lowercase'] === true,
  );
  const added = new Map(file.added_tokens.map((token) => [token['id'] as number, token]));
  const isControl = (id: number) => added.get(id)?.['special'] === true;

  const pieceOf = (id: number): string | undefined => library.id_to_token(id);
  const partOf = (id: number): Uint8Array | string => {
    const piece = pieceOf(id);
    if (piece === undefined) return `#${id}`;
    return added.has(id) ? piece : bytesOfPiece(piece, writing);
  };
  const described = (id: number) => ({ piece: pieceOf(id) ?? `#${id}`, text: readPieces([partOf(id)]).join('') });

  const tokenOf = (index: number, piece: string, id: number | undefined, placed: Placed): Token => {
    if (id === undefined || !isId(id)) {
      throw refusal('bad-config', `${name} has no id for the piece “${shortened(piece)}”.`, 'a token id', String(id));
    }
    const text = placed.text ?? (placed.special ? piece : described(id).text);
    return { index, id, piece, text, start: placed.start, end: placed.end, special: placed.special };
  };

  // What the tokenizer adds by itself is what it puts around a text that stands for any other.
  const any = '\0';
  const around = build(() => library.post_processor?.post_process([any], null, true).tokens ?? [any]);
  const at = around.indexOf(any);
  if (at < 0 || around.lastIndexOf(any) !== at) {
    throw refusal('unsupported', `${name} does not put the text once between its special tokens.`);
  }
  const specials = (pieces: readonly string[], first: number): Token[] =>
    pieces.map((piece, i) => tokenOf(first + i, piece, library.token_to_id(piece), nowhere));
  const before = specials(around.slice(0, at), 0);
  specials(around.slice(at + 1), 0); // What has no id is refused at once.

  /** The tokens of a whole text, each with its place as `place` makes it of its range. */
  const encode = (whole: string, first: number, place: (span: Span | null) => Placed): Token[] => {
    const { tokens, ids } = build(() => library.encode(prepared(whole, lowercases), { add_special_tokens: false }));
    const spans = align(whole, tokens, rules);
    return tokens.map((piece, i) => tokenOf(first + i, piece, ids[i], place(spans[i] ?? null)));
  };

  const frame = template === null ? null : await chatFrame(template, named);
  // llama.cpp's rule for the files that are its own; other templates write all that they want.
  const own = opens ? (around.slice(0, at)[0] ?? '') : '';
  const opening = frame === null ? '' : frame.before.startsWith(own) ? frame.before : own + frame.before;

  const inChat = (text: string, { after, trims }: ChatFrame): Token[] => {
    const skipped = trims ? text.length - text.trimStart().length : 0;
    const body = trims ? text.trim() : text;
    const whole = opening + body + after;
    const [begin, end] = [opening.length, opening.length + body.length];
    let reached = 0;
    return encode(whole, 0, (span) => {
      const [from, to] = span ?? [reached, reached];
      reached = to;
      // A token may reach over the edge; then its place is what it covers of the text.
      const [start, stop] = [Math.max(from, begin), Math.min(to, end)];
      if (start < stop) {
        const [first, last] = [start - begin + skipped, stop - begin + skipped];
        return { text: text.slice(first, last), start: first, end: last, special: false };
      }
      const special = span !== null || from < begin || from >= end;
      return { ...nowhere, text: span === null ? null : whole.slice(...span), special };
    });
  };

  const ends = new Set([
    ...[library.token_to_id(named['eos_token'] ?? '')],
    ...endPieces.map((piece) => library.token_to_id(piece)).filter((id) => id !== undefined && added.has(id)),
  ]);

  return {
    tokenize(text, chat) {
      checkLength(text);
      if (chat) {
        if (frame === null) throw refusal('bad-request', 'This checkpoint offers no plain chat template.');
        return inChat(text, frame);
      }
      const typed = encode(text, before.length, (span) =>
        span === null
          ? { ...nowhere, special: false }
          : { text: text.slice(...span), start: span[0], end: span[1], special: false },
      );
      return [...before, ...typed, ...specials(around.slice(at + 1), before.length + typed.length)];
    },
    generated(ids, first) {
      const texts = readPieces(ids.map((id) => (isControl(id) ? described(id).piece : partOf(id))));
      return ids.map((id, i) => ({
        ...{ index: first + i, id, piece: described(id).piece, text: texts[i] ?? '', start: null, end: null },
        special: isControl(id),
      }));
    },
    describe: described,
    chat: frame !== null,
    ends: [...ends].filter((id) => id !== undefined),
    watched: isWatched(file),
  };
}

/** Where a token stands; `text` null: as the piece reads. */
interface Placed {
  readonly text: string | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly special: boolean;
}

/** What stands nowhere in the text, since the tokenizer added it. */
const nowhere: Placed = { text: null, start: null, end: null, special: true };

/** Where there is no tokenizer, the text is token ids separated by spaces. */
export const idsTokenizer: Tokenizer = {
  tokenize(text) {
    checkLength(text);
    return [...text.matchAll(/\S+/gu)].map((match, index) => {
      const [piece] = match;
      const id = /^\d{1,7}$/.test(piece) ? Number(piece) : -1;
      if (!isId(id)) {
        throw refusal(
          'bad-request',
          'This checkpoint came without tokenizer.json: type token ids, separated by spaces.',
          'whole numbers, such as "101 2009 102"',
          JSON.stringify(shortened(piece)),
        );
      }
      return { index, id, piece, text: piece, start: match.index, end: match.index + piece.length, special: false };
    });
  },
  generated: (ids, first) =>
    ids.map((id, i) => ({
      ...{ index: first + i, id, piece: String(id), text: ` ${id}`, start: null, end: null },
      special: false,
    })),
  describe: (id) => ({ piece: String(id), text: String(id) }),
  chat: false,
  ends: [],
  watched: false,
};

function checkLength(text: string): void {
  if (text.length <= limits.text) return;
  throw refusal(
    'too-long',
    `The text has ${text.length} characters; at most ${limits.text} can be read.`,
    `at most ${limits.text} characters`,
    `${text.length} characters`,
  );
}

/** Where version 0.2.0 of the library differs from the original, the text is changed so that it need not know. */
function prepared(text: string, lowercases: boolean): string {
  const whole = wellFormed(text);
  if (!lowercases) return whole;
  return (
    whole
      // JavaScript lower-cases a final sigma to ς; the original, character by character, to σ.
      .replaceAll('Σ', 'σ')
      // It sees ideographs beyond U+FFFF as halves and does not set them apart.
      .replace(/[\u{20000}-\u{2FA1F}]/gu, (character) => (isIdeograph(character) ? ` ${character} ` : character))
  );
}

/** The library names what it does not know in plain errors. */
function builder(name: string): <T>(make: () => T) => T {
  return (make) => {
    try {
      return make();
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      // It puts all pieces of a text into one call's arguments.
      if (error instanceof RangeError && /call stack/.test(what)) {
        throw refusal('too-long', `The text has too many tokens for ${name}.`, 'a shorter text', 'too many tokens');
      }
      throw refusal('bad-config', `${name} cannot be used: ${what}`);
    }
  };
}

// ---- How its pieces are found in the text ----

function rulesOf(file: TokenizerFile): Rules {
  const { model } = file;
  const before = steps(file['pre_tokenizer']);
  const normalizers = steps(file['normalizer']);
  const bytes = before.some((step) => step['type'] === 'ByteLevel');
  const metaspace = before.some((step) => step['type'] === 'Metaspace') || normalizers.some(writesMetaspace);
  const continuing = typeof model['continuing_subword_prefix'] === 'string' ? model['continuing_subword_prefix'] : '';
  const composes = normalizers.find((step) => step['type'] === 'NFC' || step['type'] === 'NFKC');
  return {
    fold: folding(normalizers, bytes, metaspace),
    compose: composes === undefined ? null : (composes['type'] as 'NFC' | 'NFKC'),
    bytePieces: model['byte_fallback'] === true,
    continuing,
    unknown: typeof model['unk_token'] === 'string' ? model['unk_token'] : null,
    space: bytes ? 'Ġ' : metaspace ? '▁' : null,
    added: new Set(file.added_tokens.map((token) => String(token['content']))),
  };
}

function writesMetaspace(step: Json): boolean {
  return step['type'] === 'Replace' && step['content'] === '▁';
}

/** What the normalisers leave of one character. ASCII is most text, so what is known is kept. */
function folding(normalizers: readonly Json[], bytes: boolean, metaspace: boolean): Rules['fold'] {
  const known = new Map<string, string>();
  return (character) => {
    let left = known.get(character);
    if (left === undefined) {
      left = normalizers.reduce((text, step) => normalised(text, step), wellFormed(character));
      if (metaspace) left = left.replaceAll(' ', '▁');
      if (bytes) left = byteAlphabet(left);
      known.set(character, left);
    }
    return left;
  };
}

function normalised(text: string, step: Json): string {
  switch (step['type']) {
    case 'BertNormalizer': {
      let left = step['clean_text'] === false ? text : cleaned(text);
      const lowercase = step['lowercase'] === true;
      if (lowercase) left = left.toLowerCase();
      return (step['strip_accents'] ?? lowercase) === true ? withoutAccents(left) : left;
    }
    case 'Lowercase':
      return text.toLowerCase();
    case 'StripAccents':
      return text.replace(/\p{Mn}/gu, '');
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return text.normalize(step['type']);
    default:
      return text; // Prepending and stripping have no place in the text; the rest is found by searching ahead.
  }
}

function cleaned(text: string): string {
  // Tab and line ends are control characters and yet spaces; the others, vertical tab among them, are dropped.
  return text.replace(/[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '').replace(/\s/gu, ' ');
}

function withoutAccents(text: string): string {
  return text.normalize('NFD').replace(/\p{Mn}/gu, '');
}

function refusal(code: ErrorCode, message: string, expected?: string, found?: string): EngineError {
  return new EngineError({ code, message, expected: expected ?? null, found: found ?? null });
}
