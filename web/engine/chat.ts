/**
 * What a checkpoint's chat template puts around a question. The only importer of the template library: a template is
 * a program in somebody's file, so it is run with counted steps, on bounded values, and offered only where it does
 * nothing but stand around the text. Loaded when a checkpoint has a template: 52 KB (14 KB gzip).
 */
import type { Environment as Scope } from '@huggingface/jinja';

/** What stands before and after the reader's text. */
export interface ChatFrame {
  readonly before: string;
  readonly after: string;
  /** Whether the template drops white space around the text. */
  readonly trims: boolean;
}

/** Pieces that a template may name: `bos_token` and the like. */
export type NamedPieces = Readonly<Record<string, string>>;

const limits = {
  /** UTF-16 units of a template. Published ones have 200 to 10,000. */
  template: 32 * 1024,
  /** Units of any text that it makes on the way. */
  text: 32 * 1024,
  /** Expressions that it may evaluate; published ones need some hundred for one message. */
  steps: 20_000,
  /** Entries of a list, and the largest whole number: loops and indentations grow with them. */
  number: 1_000,
};

// Nothing in a template is likely to contain them, and they differ in length.
const texts = ['qzxjone', 'qzxjsecond one'] as const;

/**
 * The template's frame around one message of the reader's, made ready for an answer. Nothing else is given to it: where
 * a template then writes a system prompt of its own, as SmolLM2's does, that prompt is part of the frame, since the
 * model was trained to see it. A template that asks for the date gets none and falls back to the one it names.
 * @returns null where the template is too large or too long at work, fails, or does more than stand around the text:
 *   then the text is offered as it is, which is always right
 */
export async function chatFrame(template: string, pieces: NamedPieces): Promise<ChatFrame | null> {
  if (template.length > limits.template) return null;
  try {
    const render = await renderer(template, pieces);
    const [first, second] = texts.map((text) => around(render(text), text));
    if (first == null || second == null || !isSame(first, second)) return null;
    const padded = ` ${texts[0]}\n `;
    const rendered = render(padded);
    const [kept, trimmed] = [around(rendered, padded), around(rendered, texts[0])];
    if (kept !== null && isSame(kept, first)) return { ...first, trims: false };
    return trimmed !== null && isSame(trimmed, first) ? { ...first, trims: true } : null;
  } catch {
    return null; // Whatever was wrong with it: plain text is offered.
  }
}

interface Around {
  readonly before: string;
  readonly after: string;
}

/** What stands around the text, where it stands there once. */
function around(rendered: string, text: string): Around | null {
  const parts = rendered.split(text);
  const [before, after] = parts;
  return parts.length === 2 && before !== undefined && after !== undefined ? { before, after } : null;
}

const isSame = (a: Around, b: Around): boolean => a.before === b.before && a.after === b.after;

async function renderer(template: string, pieces: NamedPieces): Promise<(text: string) => string> {
  const { Environment, Interpreter, parse, tokenize } = await import('@huggingface/jinja');
  // As Hugging Face's own renderer reads templates.
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));

  /** Every statement and expression passes here, loops and macros included. */
  class Counted extends Interpreter {
    #steps = 0;

    override evaluate(...[statement, scope]: Parameters<InstanceType<typeof Interpreter>['evaluate']>) {
      const made = super.evaluate(statement, scope);
      const { value } = made as { value: unknown };
      const count = Array.isArray(value) ? value.length : value instanceof Map ? value.size : 0;
      const number = typeof value === 'number' ? Math.abs(value) : count;
      if (number > limits.number || (typeof value === 'string' && value.length > limits.text)) {
        throw new RangeError('The template makes too large a value.');
      }
      // Who has a list in hand may go through it, and that takes steps which do not pass here.
      this.#steps += 1 + count;
      if (this.#steps > limits.steps) throw new RangeError('The template takes too many steps.');
      return made;
    }
  }

  return (text) => {
    const scope: Scope = new Environment();
    const known = {
      ...{ true: true, false: false, none: null, True: true, False: false, None: null },
      raise_exception(message: unknown): never {
        throw new Error(String(message));
      },
      range,
      ...pieces,
      messages: [{ role: 'user', content: text }],
      add_generation_prompt: true,
    };
    for (const [name, value] of Object.entries(known)) scope.set(name, value);
    return String((new Counted(scope).run(program) as { value: unknown }).value);
  };
}

function range(...bounds: readonly number[]): number[] {
  const [start = 0, stop = 0, step = 1] = bounds.length < 2 ? [0, ...bounds] : bounds;
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= limits.number)) throw new RangeError('The template counts too far.');
  return Array.from({ length: count }, (_, i) => start + i * step);
}
