/**
 * A run as a trace file, which Headlight opens again with the same numbers, bit for bit: every head's weights and, where
 * they are known, the hidden states. The format is the public contract's; `cpp/formats/trace_file.h` reads it.
 */
import type { Matrix, Run } from '../engine/types';
import { bytesOf } from './npy';

export interface TraceSource {
  readonly run: Run;
  /** One head's weights. */
  read(layer: number, head: number): Promise<Matrix>;
  /** The residual stream; asked for only where the run has it. */
  hidden(layer: number): Promise<Matrix>;
}

/** Why a run cannot be a trace file; null where it can. A reader refuses rows that are no distributions. */
export function whyNoTrace(run: Run): string | null {
  const isRaw = run.interventions.some((one) => one.kind === 'edit-weight' && one.renormalise === false);
  return isRaw ? 'A weight was set without scaling the rest of its row: a trace’s rows have to add up to 1.' : null;
}

/** Of the weights alone, in bytes. */
export function weightBytes({ model, tokens }: Run): number {
  return model.nLayers * model.nHeads * tokens.length ** 2 * 4;
}

/** The file piece by piece, so that it never has to be in memory as a whole: the header first, then a head at a time. */
export async function* traceFile({ run, read, hidden }: TraceSource): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const why = whyNoTrace(run);
  if (why !== null) throw new TypeError(why);
  const { nLayers, nHeads } = run.model;
  const n = run.tokens.length;
  const first = run.can.hidden ? await hidden(0) : null;
  const tensors: [string, number[]][] = Array.from({ length: nLayers }, (_, layer) => [
    `layers.${layer}.weights`,
    [nHeads, n, n],
  ]);
  if (first !== null) for (let i = 0; i <= nLayers; ++i) tensors.push([`hidden.${i}`, [n, first.cols]]);
  yield headerOf(tensors, metadataOf(run));
  for (let layer = 0; layer < nLayers; ++layer) {
    for (let head = 0; head < nHeads; ++head) yield bytesOf((await read(layer, head)).data);
  }
  if (first === null) return;
  yield bytesOf(first.data);
  for (let i = 1; i <= nLayers; ++i) yield bytesOf((await hidden(i)).data);
}

/** Texts alone, as the format has it. */
function metadataOf(run: Run): Record<string, string> {
  const { model, text, tokens, interventions } = run;
  const isChanged = interventions.length > 0;
  return {
    format: 'attention-trace',
    version: '1',
    name: isChanged && !model.name.endsWith('(changed)') ? `${model.name} (changed)` : model.name,
    text,
    tokens: JSON.stringify(tokens.map(({ piece }) => piece)),
    ...(model.causal === null ? {} : { causal: String(model.causal) }),
    ...(isChanged ? { interventions: JSON.stringify(interventions) } : {}),
  };
}

/** A safetensors header: F32 tensors one after the other, padded so that their numbers begin at a multiple of 8. */
function headerOf(tensors: readonly [string, number[]][], metadata: Record<string, string>): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(([name, shape]) => {
    const begin = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  return file;
}
