/**
 * Writes the tokenizer that a GGUF file carries as a tokenizer.json. Pure: only what the file's own lists say, and the
 * rules that its names stand for; a name whose rules are not known here is refused, since wrong tokens look right.
 */
import type { GgufTokenizer } from './bindings';
import { type Json, limits, patterns, type Refuse, shortened } from './tokenizer-file';

/** The kinds of piece that matter here. */
const kinds = { normal: 1, control: 3, userDefined: 4 } as const;
const lastKind = 6;
/** The sum of the squared lengths of SentencePiece's pieces; a vocabulary of 256,000 has 20 million. */
const mostSplitting = 200_000_000;

interface Splitting {
  /** The patterns that split the text, one after the other. */
  readonly by: readonly string[];
  /** Whether a whole word that is a piece is taken at once. */
  readonly wholeWords?: boolean;
  readonly addsBos?: boolean;
  readonly normalizer?: Json;
}

const llama3: Splitting = { by: [patterns.llama3], wholeWords: true, addsBos: true };
/** Every digit alone, then GPT-2's words. */
const digits: Splitting = { by: [patterns.digit, patterns.gpt2] };
const qwen2: Splitting = { by: [patterns.qwen2], normalizer: { type: 'NFC' } };

/** What the names in `tokenizer.ggml.pre` stand for. */
const splittings = new Map<string, Splitting>([
  ['gpt-2', { by: [patterns.gpt2] }],
  ['phi-2', { by: [patterns.gpt2] }],
  ['smollm', digits],
  ['starcoder', digits],
  ['refact', digits],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['qwen2', qwen2],
  ['deepseek-r1-qwen', qwen2],
  ['default', { by: patterns.fallback }],
]);

/**
 * @returns the tokenizer.json, still to be checked like any other
 * @throws {EngineError} unsupported for a kind of tokenizer whose rules are not known; bad-config for lists that
 *   contradict one another
 */
export function ggufTokenizerFile(data: GgufTokenizer, refuse: Refuse): Json {
  const { model, tokens } = data;
  checkLists(data, refuse);
  const kindOf = (id: number) => data.types?.[id] ?? kinds.normal;
  const vocab = Object.fromEntries(tokens.map((piece, id) => [piece, id]));
  if (Object.keys(vocab).length !== tokens.length) {
    const twice = tokens.find((piece, id) => vocab[piece] !== id) ?? '';
    refuse('a piece stands twice in tokenizer.ggml.tokens.', 'each piece once', twice);
  }
  const added_tokens = tokens.flatMap((content, id) =>
    kindOf(id) === kinds.control || kindOf(id) === kinds.userDefined
      ? [{ id, content, special: kindOf(id) === kinds.control, normalized: false }]
      : [],
  );
  const frame = (addBos: boolean, addEos: boolean) => ({ post_processor: template(data, addBos, addEos, refuse) });

  if (model === 'gpt2') {
    const splitting = splittings.get(data.pre ?? '');
    if (splitting === undefined) {
      return refuse(
        'how the text is to be split before the merges (tokenizer.ggml.pre) is not known.',
        [...splittings.keys()].join(', '),
        data.pre ?? 'nothing',
        'unsupported',
      );
    }
    if (data.merges === null) return refuse('tokenizer.ggml.merges is missing.', 'a list of merges', null);
    const splits = splitting.by.map((pattern) => ({
      type: 'Split',
      pattern: { Regex: pattern },
      behavior: 'Isolated',
      invert: false,
    }));
    const bytes = { type: 'ByteLevel', add_prefix_space: data.addSpacePrefix === true, use_regex: false };
    return {
      normalizer: splitting.normalizer ?? null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, bytes] },
      model: { type: 'BPE', vocab, merges: data.merges, ignore_merges: splitting.wholeWords === true },
      added_tokens,
      ...frame(data.addBos ?? splitting.addsBos === true, data.addEos ?? false),
    };
  }
  if (model === 'llama') {
    const { scores } = data;
    if (scores === null) return refuse('tokenizer.ggml.scores is missing.', 'a score of each piece', null);
    const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
    const prefix = { type: 'Prepend', prepend: '▁' };
    const unknown = tokens[data.unknown ?? 0];
    return {
      normalizer: {
        type: 'Sequence',
        normalizers: data.addSpacePrefix === false ? [spaces] : [prefix, spaces],
      },
      pre_tokenizer: null,
      model: {
        type: 'BPE',
        vocab,
        merges: mergesOf(tokens, scores, kindOf, refuse),
        unk_token: unknown,
        byte_fallback: true,
        fuse_unk: true,
      },
      added_tokens,
      ...frame(data.addBos ?? true, data.addEos ?? false),
    };
  }
  return refuse(
    `a “${shortened(model)}” tokenizer inside a GGUF file is not supported.`,
    'gpt2 or llama',
    model,
    'unsupported',
  );
}

function checkLists(data: GgufTokenizer, refuse: Refuse): void {
  const { tokens, scores, types, merges } = data;
  if (tokens.length === 0 || tokens.length > limits.vocabulary) {
    refuse('tokenizer.ggml.tokens has no sensible size.', `1 to ${limits.vocabulary} pieces`, tokens.length);
  }
  for (const [id, piece] of tokens.entries()) {
    if (typeof piece !== 'string' || piece === '' || piece.length > limits.pieceLength) {
      refuse(`piece ${id} has no sensible length.`, `1 to ${limits.pieceLength} units`, String(piece).length);
    }
  }
  for (const [name, found] of Object.entries({ scores, token_type: types })) {
    if (found !== null && found.length !== tokens.length) {
      refuse(`tokenizer.ggml.${name} must have an entry for each piece.`, String(tokens.length), found.length);
    }
  }
  const odd = scores?.findIndex((score) => !Number.isFinite(score)) ?? -1;
  if (odd >= 0) refuse(`the score of piece ${odd} is no number.`, 'a finite number', scores?.[odd]);
  const strange = types?.findIndex((type) => type < 0 || type > lastKind) ?? -1;
  if (strange >= 0) refuse(`the type of piece ${strange} is not known.`, `0 to ${lastKind}`, types?.[strange]);
  if (merges !== null && merges.length > limits.merges) {
    refuse('tokenizer.ggml.merges is too long.', `at most ${limits.merges} entries`, merges.length);
  }
  for (const name of ['bos', 'eos', 'unknown'] as const) {
    const id = data[name];
    if (id !== null && !(Number.isInteger(id) && id >= 0 && id < tokens.length)) {
      refuse(`the id of the ${name} piece is outside the vocabulary.`, `0 to ${tokens.length - 1}`, id);
    }
  }
}

function template(data: GgufTokenizer, addBos: boolean, addEos: boolean, refuse: Refuse): Json | null {
  if (!addBos && !addEos) return null;
  const special = (name: 'bos' | 'eos') => {
    const id = data[name];
    if (id === null) return refuse(`it adds a ${name} piece and names none.`, 'a token id', null);
    return { SpecialToken: { id: data.tokens[id], type_id: 0 } };
  };
  const single = [
    ...(addBos ? [special('bos')] : []),
    { Sequence: { id: 'A', type_id: 0 } },
    ...(addEos ? [special('eos')] : []),
  ];
  return { type: 'TemplateProcessing', single, pair: [], special_tokens: {} };
}

/**
 * SentencePiece joins the two neighbours whose union scores highest. As merges: every way to make each piece of two
 * others, best piece first, in the order in which Hugging Face's converter lists them. Control pieces and single bytes
 * are never made of letters.
 */
function mergesOf(
  tokens: readonly string[],
  scores: Float32Array,
  kindOf: (id: number) => number,
  refuse: Refuse,
): [string, string][] {
  const isMade = (id: number) => kindOf(id) === kinds.normal || kindOf(id) === kinds.userDefined;
  const made = new Map(tokens.flatMap((piece, id) => (isMade(id) ? [[piece, id] as const] : [])));
  let work = 0;
  for (const piece of made.keys()) work += piece.length ** 2;
  if (work > mostSplitting) refuse('its pieces are too long.', 'pieces of some letters', `${work} units squared`);
  const merges: { pair: [string, string]; score: number; ids: [number, number]; lengths: [number, number] }[] = [];
  for (const [piece, id] of made) {
    const characters = [...piece];
    const from = merges.length;
    let cut = 0;
    for (const [i, character] of characters.slice(0, -1).entries()) {
      cut += character.length;
      const pair: [string, string] = [piece.slice(0, cut), piece.slice(cut)];
      const [left, right] = [made.get(pair[0]), made.get(pair[1])];
      if (left === undefined || right === undefined) continue;
      const lengths: [number, number] = [i + 1, characters.length - i - 1];
      merges.push({ pair, score: scores[id] ?? 0, ids: [left, right], lengths });
    }
    merges.push(...merges.splice(from).sort((a, b) => a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1]));
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ pair }) => pair);
}
