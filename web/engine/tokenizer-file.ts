/**
 * What a tokenizer.json may say. Checks its structure before the tokenizer library sees it, which takes it as it comes:
 * every list and number bounded, every id a number, every merge of pieces that exist. Interprets nothing.
 */
import { EngineError } from './errors';
import type { ErrorCode } from './types';

export type Json = { readonly [name: string]: unknown };

/** A tokenizer.json that the library can be given. */
export interface TokenizerFile extends Json {
  readonly model: Json;
  readonly added_tokens: readonly Json[];
}

export const limits = {
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
  /** How many times longer a text may become by replacing. */
  growth: 64,
};

const modelTypes = ['WordPiece', 'BPE', 'Unigram'];

const gpt2Words = String.raw` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)`;
const gpt4Words = (digits: string) =>
  String.raw`[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const endings = "'s|'t|'re|'ve|'m|'ll|'d";
const anyCaseEndings = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const o200kWord = (first: string, second: string) =>
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]${first}[\p{Ll}\p{Lm}\p{Lo}\p{M}]${second}(?i:${endings})?`;

/** The patterns by which published tokenizers split a text before they look for pieces. */
export const patterns = {
  gpt2: `${endings}|${gpt2Words}|\\s+`,
  llama3: `(?i:${endings})|${gpt4Words(String.raw`\p{N}{1,3}`)}`,
  qwen2: `(?i:${endings})|${gpt4Words(String.raw`\p{N}`)}`,
  /** What llama.cpp splits by where nothing better is known, one after the other. */
  fallback: [String.raw`[\p{P}\$\+<=>\^~\|]+`, `${endings}|${gpt2Words}`, String.raw`\p{N}+`, '[0-9][0-9][0-9]'],
  digit: String.raw`\p{N}`,
};

/** Patterns whose time grows with the text and no faster. Any other is somebody's, and may be made to take for ever. */
const knownPatterns: ReadonlySet<unknown> = new Set([
  ...[patterns.gpt2, patterns.llama3, patterns.qwen2, patterns.digit, ...patterns.fallback],
  `'(?:[sdmt]|ll|ve|re)|${gpt2Words}|\\s+`,
  `'(?i:[sdmt]|ll|ve|re)|${gpt4Words(String.raw`\p{N}{1,3}`)}`,
  `'(?i:[sdmt]|ll|ve|re)|${gpt4Words(String.raw`\p{N}`)}`,
  `${anyCaseEndings}|${gpt4Words(String.raw`\p{N}{1,3}`)}`,
  `${anyCaseEndings}|${gpt4Words(String.raw`\p{N}`)}`,
  String.raw`${o200kWord('*', '+')}|${o200kWord('+', '*')}|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  ...[String.raw`\p{N}{1,3}`, String.raw`\d`, String.raw`\d+`, '[0-9]', '[0-9]+', '[\r\n]', String.raw`[\r\n]`],
  ...[String.raw`\s`, String.raw`\s+`, ' {2,}', ' +', String.raw`\w+|[^\w\s]+`, '[^\\s]+', String.raw`\S+`],
]);

/** Refuses one file, by its name. */
export type Refuse = (message: string, expected: string, found: unknown, code?: ErrorCode) => never;

export function refuser(name: string): Refuse {
  return (message, expected, found, code = 'bad-config') => {
    const what = shortened(named(found));
    throw new EngineError({
      code,
      message: `${name}: ${message} Expected ${expected}, found ${what}.`,
      expected,
      found: what,
    });
  };
}

/** A file's text as JSON. @throws {EngineError} bad-config */
export function jsonOf(text: string, refuse: Refuse): Json {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    refuse('it is not JSON.', 'JSON', error instanceof Error ? error.message : error);
  }
  return isObject(root) ? root : refuse('the whole must be an object.', 'an object', root);
}

/** @throws {EngineError} bad-config, naming what is wrong; unsupported for what is right but not to be had here */
export function checkedFile(file: Json, refuse: Refuse): TokenizerFile {
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

  const model = object(file['model'], 'model');
  const type = model['type'] ?? impliedType(model);
  if (typeof type !== 'string' || !modelTypes.includes(type)) {
    refuse('the model’s type is not known.', modelTypes.join(', '), type);
  }
  if (type === 'Unigram') {
    const vocabulary = list(model['vocab'], 'model.vocab', limits.vocabulary);
    if (vocabulary.length === 0) refuse('model.vocab is empty.', 'at least one piece', 0);
    for (const entry of vocabulary) {
      const pair = list(entry, 'an entry of model.vocab', 2);
      piece(pair[0], 'a piece of model.vocab');
      if (typeof pair[1] !== 'number') refuse('a piece’s score must be a number.', 'a number', pair[1]);
    }
    if (model['unk_id'] != null) {
      id(model['unk_id'], 'the unknown piece');
      if ((model['unk_id'] as number) >= vocabulary.length) {
        refuse('model.unk_id is outside model.vocab.', `below ${vocabulary.length}`, model['unk_id']);
      }
    }
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
  const merges = type === 'BPE' ? mergesOf(model, list, refuse) : null;
  const added = list(file['added_tokens'] ?? [], 'added_tokens', limits.addedTokens);
  const contents = new Map<string, unknown>();
  for (const entry of added) {
    const token = object(entry, 'an entry of added_tokens');
    piece(token['content'], 'the content of an added token');
    const content = token['content'] as string;
    if (content === '') refuse('an added token is empty.', 'a string', '');
    id(token['id'], `the added token “${shortened(content)}”`);
    if (contents.has(content) && contents.get(content) !== token['id']) {
      refuse(`the added token “${shortened(content)}” has two ids.`, String(contents.get(content)), token['id']);
    }
    contents.set(content, token['id']);
  }
  const parts = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;
  for (const part of parts) {
    if (file[part] != null) object(file[part], part);
    boundedPart(file[part] ?? null, part, refuse);
  }
  for (const part of ['normalizer', 'pre_tokenizer']) boundedSteps(steps(file[part]), part, refuse);
  const normalises = (token: Json) => token['normalized'] === true || (token['normalized'] ?? !token['special']);
  // The library normalises them at once, before anybody could stop it.
  if (steps(file['normalizer']).some(hasForeignPattern) && (added as readonly Json[]).some(normalises)) {
    refuse('its normaliser’s pattern is not known.', 'a pattern of a published tokenizer', 'another', 'unsupported');
  }
  // The library wants every part named, and merges nothing from the prototype.
  return {
    ...Object.fromEntries(parts.map((part) => [part, file[part] ?? null])),
    model: {
      ...model,
      type,
      ...(type === 'WordPiece' && { continuing_subword_prefix: continuingOf(model) }),
      ...(merges !== null && { merges }),
    },
    added_tokens: added as readonly Json[],
    pre_tokenizer: exact(file['pre_tokenizer'] ?? null),
    // It decodes nothing here; a decoder it does not know would be refused for nothing.
    decoder: null,
  };
}

/** Whether a pattern decides how a text is split of which it is not known how long it may take. */
export function isWatched(file: TokenizerFile): boolean {
  return [...steps(file['normalizer']), ...steps(file['pre_tokenizer'])].some(hasForeignPattern);
}

function hasForeignPattern(step: Json): boolean {
  const pattern = step['pattern'];
  return isObject(pattern) && pattern['Regex'] !== undefined && !knownPatterns.has(pattern['Regex']);
}

/** Merges as pairs: files write them in two ways. */
function mergesOf(
  model: Json,
  list: (value: unknown, what: string, most: number) => readonly unknown[],
  refuse: Refuse,
): [string, string][] {
  const vocabulary = new Set(Object.keys(model['vocab'] as Json));
  if (model['continuing_subword_prefix'] != null && model['continuing_subword_prefix'] !== '') {
    refuse(
      'byte pair merges with a prefix inside words are not supported.',
      'no continuing_subword_prefix',
      model['continuing_subword_prefix'],
      'unsupported',
    );
  }
  const unknown = model['unk_token'];
  if (unknown != null && (typeof unknown !== 'string' || !vocabulary.has(unknown))) {
    refuse('model.unk_token must be a piece of model.vocab.', 'a piece', unknown);
  }
  const suffix = model['end_of_word_suffix'] ?? '';
  if (typeof suffix !== 'string') refuse('model.end_of_word_suffix must be a string.', 'a string', suffix);
  return list(model['merges'], 'model.merges', limits.merges).map((merge) => {
    const parts = typeof merge === 'string' ? merge.split(' ') : list(merge, 'an entry of model.merges', 2);
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== 'string' || typeof right !== 'string') {
      return refuse('an entry of model.merges must name two pieces.', 'two pieces', merge);
    }
    for (const each of [left, right, left + right]) {
      if (!vocabulary.has(each)) refuse('an entry of model.merges names no piece of model.vocab.', 'a piece', each);
    }
    return [left, right];
  });
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
function boundedPart(value: unknown, what: string, refuse: Refuse, depth = 0): void {
  if (depth > limits.depth) refuse(`${what} is nested too deeply.`, `at most ${limits.depth} levels`, depth);
  if (typeof value === 'string' && value.length > limits.patternLength && !what.endsWith('.precompiled_charsmap')) {
    refuse(`${what} has a string that is too long.`, `at most ${limits.patternLength} units`, value.length);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) boundedPart(inner, `${what}.${name}`, refuse, depth + 1);
}

/** Steps that would never end, or make a text grow without measure. */
function boundedSteps(all: readonly Json[], part: string, refuse: Refuse): void {
  let growth = 1;
  for (const step of all) {
    const length = step['length'];
    if (step['type'] === 'FixedLength' && (!Number.isInteger(length) || (length as number) < 1)) {
      refuse(`the length of a FixedLength ${part} must be a whole number above 0.`, '1 or more', length);
    }
    if (step['type'] === 'Replace') {
      const pattern = isObject(step['pattern']) ? step['pattern'] : {};
      const content = String(step['content'] ?? '').length;
      const replaced = String(pattern['String'] ?? '').length;
      // A regular expression may match nothing, and that before every character.
      growth *= replaced > 0 ? Math.max(1, content / replaced) : 1 + content;
    }
    if (step['type'] === 'Prepend' || step['type'] === 'Metaspace') {
      const added = String(step['prepend'] ?? step['replacement'] ?? '').length + String(step['str_rep'] ?? '').length;
      growth *= step['type'] === 'Prepend' || added <= 2 ? 1 : added;
    }
  }
  if (!(growth <= limits.growth)) {
    refuse(`${part} makes texts too much longer.`, `at most ${limits.growth} times`, growth);
  }
}

/**
 * Where JavaScript's white space is not Unicode's (U+FEFF, U+0085), ByteLevel's own pattern differs from the original's;
 * written out as a split it does not.
 */
function exact(part: unknown): unknown {
  if (!isObject(part)) return part;
  if (part['type'] === 'Sequence' && Array.isArray(part['pretokenizers'])) {
    return { ...part, pretokenizers: part['pretokenizers'].map(exact) };
  }
  if (part['type'] !== 'ByteLevel' || part['use_regex'] === false || part['add_prefix_space'] === true) return part;
  const split = { type: 'Split', pattern: { Regex: patterns.gpt2 }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { ...part, use_regex: false }] };
}

/** A normaliser or pre-tokenizer as a flat list. */
export function steps(part: unknown): Json[] {
  if (!isObject(part)) return [];
  const inner = part['normalizers'] ?? part['pretokenizers'];
  return part['type'] === 'Sequence' && Array.isArray(inner) ? inner.flatMap(steps) : [part];
}

export function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < limits.vocabulary;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
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
