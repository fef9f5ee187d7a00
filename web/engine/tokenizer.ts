/**
 * Turns text into a model's token ids with places in the text. The only importer of the tokenizer library, which it
 * trusts with nothing: a tokenizer.json is somebody's file, and the library takes it as it comes.
 */
import { EngineError } from './errors';
import { align, isIdeograph, type Rules, type Span, wellFormed } from './tokens';
import type { ErrorCode, Token } from './types';

/** Refuses with `too-long` where the text alone is beyond reason, and with `bad-request` what it cannot read. */
export type Tokenize = (text: string) => Token[];

type Json = { readonly [name: string]: unknown };

const fileName = 'tokenizer.json';

const limits = {
  /** UTF-16 units: no model's positions come near, and the work stays far below a second. */
  text: 200_000,
  vocabulary: 2_000_000,
  merges: 4_000_000,
  addedTokens: 100_000,
  pieceLength: 1_024,
  patternLength: 4_096,
  depth: 12,
  /** WordPiece's time grows with the square of it. */
  wordLength: 1_000,
};

const modelTypes = ['WordPiece', 'BPE', 'Unigram'];

/**
 * Reads a tokenizer.json. Truncation and padding in it are ignored: what is cut off would be missing from the picture.
 * @throws {EngineError} bad-config, naming what is wrong; unsupported where special tokens do not stand around the text
 */
export async function readTokenizer(json: string): Promise<Tokenize> {
  const file = validated(json);
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const library = build(() => new Tokenizer(file, {}));
  const rules = rulesOf(file);
  const lowercases = steps(file['normalizer']).some(
    (step) => step['type'] === 'Lowercase' || step['lowercase'] === true,
  );
  // What the tokenizer adds by itself is what it puts around a text that stands for any other.
  const any = '\0';
  const around = build(() => library.post_processor?.post_process([any], null, true).tokens ?? [any]);
  const at = around.indexOf(any);
  if (at < 0 || around.lastIndexOf(any) !== at) {
    throw refusal('unsupported', `${fileName} does not put the text once between its special tokens.`);
  }

  const tokenOf = (index: number, piece: string, id: number | undefined, text: string, span: Span | null): Token => {
    if (id === undefined || !isId(id)) {
      throw refusal(
        'bad-config',
        `${fileName} has no id for the piece “${shortened(piece)}”.`,
        'a token id',
        String(id),
      );
    }
    const place = span === null ? { text: piece, start: null, end: null } : { text, start: span[0], end: span[1] };
    return { index, id, piece, ...place, special: false };
  };
  const specials = (pieces: readonly string[], first: number): Token[] =>
    pieces.map((piece, i) => ({ ...tokenOf(first + i, piece, library.token_to_id(piece), '', null), special: true }));
  const before = specials(around.slice(0, at), 0);

  return (text) => {
    checkLength(text);
    const whole = prepared(text, lowercases);
    const { tokens, ids } = build(() => library.encode(whole, { add_special_tokens: false }));
    const spans = align(text, tokens, rules);
    const typed = tokens.map((piece, i) => {
      const span = spans[i] ?? null;
      return tokenOf(before.length + i, piece, ids[i], span === null ? '' : text.slice(...span), span);
    });
    return [...before, ...typed, ...specials(around.slice(at + 1), before.length + typed.length)];
  };
}

/** Where there is no tokenizer, the text is token ids separated by spaces. */
export const tokenizeIds: Tokenize = (text) => {
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
function build<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw refusal(
      'bad-config',
      `${fileName} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

// ---- What the file may say ----

type Refuse = (message: string, expected: string, found: unknown) => never;

const refuse: Refuse = (message, expected, found) => {
  const what = shortened(named(found));
  throw refusal('bad-config', `${fileName}: ${message} Expected ${expected}, found ${what}.`, expected, what);
};

function validated(json: string): Json {
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (error) {
    refuse('it is not JSON.', 'JSON', error instanceof Error ? error.message : error);
  }
  const object = (value: unknown, what: string): Json =>
    isObject(value) ? value : refuse(`${what} must be an object.`, 'an object', value);
  const id = (value: unknown, what: string): void => {
    if (!isId(value)) {
      refuse(`the id of ${what} must be a whole number below ${limits.vocabulary}.`, 'a token id', value);
    }
  };
  const piece = (value: unknown, what: string): void => {
    if (typeof value !== 'string') refuse(`${what} must be a string.`, 'a string', value);
    if ((value as string).length > limits.pieceLength)
      refuse(`${what} is too long.`, `${limits.pieceLength} units`, value);
  };
  const list = (value: unknown, what: string, most: number): readonly unknown[] => {
    if (!Array.isArray(value)) return refuse(`${what} must be a list.`, 'a list', value);
    return value.length <= most ? value : refuse(`${what} is too long.`, `at most ${most} entries`, value.length);
  };

  const file = object(root, 'the whole');
  const model = object(file['model'], 'model');
  const type = model['type'] ?? impliedType(model);
  if (typeof type !== 'string' || !modelTypes.includes(type)) {
    refuse('the model’s type is not known.', modelTypes.join(', '), type);
  }
  if (type === 'Unigram') {
    for (const entry of list(model['vocab'], 'model.vocab', limits.vocabulary)) {
      const pair = list(entry, 'an entry of model.vocab', 2);
      piece(pair[0], 'a piece of model.vocab');
      if (typeof pair[1] !== 'number') refuse('a piece’s score must be a number.', 'a number', pair[1]);
    }
    if (model['unk_id'] != null) id(model['unk_id'], 'the unknown piece');
  } else {
    const entries = Object.entries(object(model['vocab'], 'model.vocab'));
    if (entries.length === 0 || entries.length > limits.vocabulary) {
      refuse('model.vocab has no sensible size.', `1 to ${limits.vocabulary} pieces`, entries.length);
    }
    for (const [text, value] of entries) {
      piece(text, 'a piece of model.vocab');
      id(value, `“${shortened(text)}”`);
    }
  }
  if (type === 'BPE') {
    for (const merge of list(model['merges'], 'model.merges', limits.merges)) {
      const parts = typeof merge === 'string' ? merge.split(' ') : list(merge, 'an entry of model.merges', 2);
      if (parts.length !== 2) refuse('an entry of model.merges must name two pieces.', 'two pieces', merge);
      for (const part of parts) piece(part, 'a piece of model.merges');
    }
  }
  if (type === 'WordPiece') {
    const most = model['max_input_chars_per_word'] ?? 100;
    if (!Number.isInteger(most) || (most as number) < 1 || (most as number) > limits.wordLength) {
      refuse('max_input_chars_per_word is out of range.', `1 to ${limits.wordLength}`, most);
    }
    piece(continuingOf(model), 'model.continuing_subword_prefix');
    // Without it a word outside the vocabulary would have no id.
    const unknown = model['unk_token'];
    if (typeof unknown !== 'string' || !Object.hasOwn(model['vocab'] as Json, unknown)) {
      refuse('model.unk_token must be a piece of model.vocab.', 'a piece', unknown);
    }
  }
  const added = list(file['added_tokens'] ?? [], 'added_tokens', limits.addedTokens);
  for (const entry of added) {
    const token = object(entry, 'an entry of added_tokens');
    piece(token['content'], 'the content of an added token');
    if (token['content'] === '') refuse('an added token is empty.', 'a string', '');
    id(token['id'], `the added token “${shortened(String(token['content']))}”`);
  }
  const parts = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;
  for (const part of parts) boundedPart(file[part] ?? null, part);
  // The library wants every part named, and merges nothing from the prototype.
  return {
    ...Object.fromEntries(parts.map((part) => [part, file[part] ?? null])),
    model: { ...model, type, ...(type === 'WordPiece' && { continuing_subword_prefix: continuingOf(model) }) },
    added_tokens: added,
    // It decodes nothing here; a decoder it does not know would be refused for nothing.
    decoder: null,
  };
}

/** The library has no default for it. */
function continuingOf(model: Json): unknown {
  return model['continuing_subword_prefix'] ?? '##';
}

/** Older files do not name the model's type. */
function impliedType(model: Json): string | undefined {
  if (Array.isArray(model['vocab'])) return 'Unigram';
  if ('merges' in model) return 'BPE';
  return 'continuing_subword_prefix' in model ? 'WordPiece' : undefined;
}

/** A regular expression can be a bomb, and so can a nest. Only a normaliser's character map is long for a reason. */
function boundedPart(value: unknown, what: string, depth = 0): void {
  if (depth > limits.depth) refuse(`${what} is nested too deeply.`, `at most ${limits.depth} levels`, depth);
  if (typeof value === 'string' && value.length > limits.patternLength && depth > 0 && !what.startsWith('normalizer')) {
    refuse(`${what} has a string that is too long.`, `at most ${limits.patternLength} units`, value.length);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) boundedPart(inner, what, depth + 1);
}

// ---- How its pieces are found in the text ----

function rulesOf(file: Json): Rules {
  const model = file['model'] as Json;
  const before = steps(file['pre_tokenizer']);
  const normalizers = steps(file['normalizer']);
  const bytes = before.some((step) => step['type'] === 'ByteLevel');
  const metaspace = before.some((step) => step['type'] === 'Metaspace') || normalizers.some(writesMetaspace);
  const continuing = typeof model['continuing_subword_prefix'] === 'string' ? model['continuing_subword_prefix'] : '';
  return {
    fold: folding(normalizers, bytes, metaspace),
    continuing,
    unknown: typeof model['unk_token'] === 'string' ? model['unk_token'] : null,
    space: bytes ? 'Ġ' : metaspace ? '▁' : null,
    added: new Set((file['added_tokens'] as readonly Json[]).map((token) => String(token['content']))),
  };
}

/** A normaliser or pre-tokenizer as a flat list. */
function steps(part: unknown): Json[] {
  if (!isObject(part)) return [];
  const inner = part['normalizers'] ?? part['pretokenizers'];
  return part['type'] === 'Sequence' && Array.isArray(inner) ? inner.flatMap(steps) : [part];
}

function writesMetaspace(step: Json): boolean {
  return step['type'] === 'Replace' && step['content'] === '▁';
}

/** What the normalisers leave of one code point. ASCII is most text, so what is known is kept. */
function folding(normalizers: readonly Json[], bytes: boolean, metaspace: boolean): Rules['fold'] {
  const known = new Map<string, string>();
  return (character) => {
    let left = known.get(character);
    if (left === undefined) {
      left = normalizers.reduce((text, step) => normalised(text, step), character);
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

/** GPT-2's way to write bytes as visible characters: printable ones stand for themselves, the rest from U+0100 on. */
function byteAlphabet(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => visibleBytes[byte]).join('');
}

export const visibleBytes = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : next++);
  });
})();

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < limits.vocabulary;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function named(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : String(value);
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function refusal(code: ErrorCode, message: string, expected?: string, found?: string): EngineError {
  return new EngineError({ code, message, expected: expected ?? null, found: found ?? null });
}
