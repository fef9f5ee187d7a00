/**
 * For one cell, a Python script that computes its weight with PyTorch and says by how much the two differ; for a saved
 * run, one that reads the cell from the file. Of the reader's changes it makes the one that takes a line, positions left
 * out, and names the others. Names and ids are written as JSON, which Python reads alike.
 */
import type { Cell, Intervention, Run } from '../engine/types';
import type { Reading } from './reading';

type Chosen = Pick<Cell, 'layer' | 'head' | 'queryIndex' | 'keyIndex' | 'weight'>;

export function python(run: Run, cell: Chosen, reading: Pick<Reading, 'label' | 'change'>): string {
  return run.backend.source === 'trace' ? fromTrace(run, cell, reading) : fromModel(run, cell, reading);
}

/** float32 is told apart by nine digits. */
const DIGITS = 9;

function whose(run: Run, { layer, head, queryIndex, keyIndex }: Chosen, { label }: Pick<Reading, 'label'>): string {
  const name = (index: number) => {
    const token = run.tokens[index];
    return `${text(token === undefined ? '' : label(token))} (token ${index})`;
  };
  return `# How much ${name(queryIndex)} looks at ${name(keyIndex)} in layer ${layer}, head ${head} of ${text(run.model.name)}.`;
}

/** What each family knows of positions, learned embeddings or turning speeds: where it is 0, no token is told its place. */
const POSITIONS: Readonly<Record<string, string>> = {
  bert: 'embeddings.position_embeddings.weight',
  roberta: 'embeddings.position_embeddings.weight',
  distilbert: 'embeddings.position_embeddings.weight',
  gpt2: 'wpe.weight',
  llama: 'rotary_emb.inv_freq',
  mistral: 'rotary_emb.inv_freq',
  qwen2: 'rotary_emb.inv_freq',
  qwen3: 'rotary_emb.inv_freq',
};

const positionsOf = ({ model }: Run): string | undefined => POSITIONS[model.family ?? ''];

/** Whether the script makes this change too: others would take code of their own. */
export function isMade(one: Intervention, run: Run): boolean {
  return one.kind === 'positions-off' && positionsOf(run) !== undefined;
}

function fromModel(run: Run, cell: Chosen, reading: Pick<Reading, 'label' | 'change'>): string {
  const { layer, head, queryIndex, keyIndex, weight } = cell;
  const same = run.interventions.find((one) => isMade(one, run));
  const others = run.interventions.filter((one) => !isMade(one, run));
  const told = (one: Intervention) => text(reading.change(one, run));
  const isChanged = others.length > 0;
  const ids = run.tokens.map(({ id }) => id);
  const shown = isChanged ? 'headlight_changed' : 'headlight';
  const report = isChanged
    ? `print(f"PyTorch, ${same ? 'positions left out:  ' : 'the model unchanged: '}{weight:.9f}")
print(f"Headlight, the changed run:    {${shown}:.9f}")
print(f"What the change did here:      {${shown} - weight:+.9f}")`
    : `print(f"PyTorch:    {weight:.9f}")
print(f"Headlight:  {${shown}:.9f}")
print(f"Difference: {abs(weight - ${shown}):.1e}, where Headlight allows ${run.backend.tolerance}")`;
  return `${whose(run, cell, reading)}
# Needs: pip install torch transformers (for a .gguf file also gguf and accelerate)
from pathlib import Path

import torch
from transformers import AutoModel

MODEL = Path(${text(`path/to/${run.model.name}`)})  # put the model's folder here, or its .gguf file
${others.map((one) => `# Changed in Headlight, and not here: ${told(one)}\n`).join('')}${shown} = ${weight.toPrecision(DIGITS)}
layer, head, query, key = ${layer}, ${head}, ${queryIndex}, ${keyIndex}
ids = [
${lines(ids)}
]

options = {"attn_implementation": "eager", "local_files_only": True}
if MODEL.suffix == ".gguf":
    model = AutoModel.from_pretrained(MODEL.parent, gguf_file=MODEL.name, **options)
else:
    model = AutoModel.from_pretrained(MODEL, **options).float()
model = model.eval()
${same ? `model.${positionsOf(run)}.data.zero_()  # ${told(same)}\n` : ''}
with torch.no_grad():
    run = model(input_ids=torch.tensor([ids]), output_attentions=True)
weight = run.attentions[layer][0, head, query, key].item()

${report}
`;
}

function fromTrace(run: Run, cell: Chosen, reading: Pick<Reading, 'label'>): string {
  const { layer, head, queryIndex, keyIndex, weight } = cell;
  return `${whose(run, cell, reading)}
# It comes from a saved run, so there is no model to compute it with: this reads it from the file.
# Needs: pip install numpy safetensors
import json
${run.can.scores ? '\nimport numpy' : ''}
from safetensors import safe_open

TRACE = ${text(`path/to/${run.model.name}.safetensors`)}  # put the saved run's file here
headlight = ${weight.toPrecision(DIGITS)}
layer, head, query, key = ${layer}, ${head}, ${queryIndex}, ${keyIndex}

with safe_open(TRACE, "numpy") as trace:
    tokens = json.loads(trace.metadata()["tokens"])
${run.can.scores ? fromVectors : '    weights = trace.get_tensor(f"layers.{layer}.weights")[head]'}
weight = float(weights[query, key])

print(f"{tokens[query]} looks at {tokens[key]}")
print(f"The file:   {weight:.9f}")
print(f"Headlight:  {headlight:.9f}")
print(f"Difference: {abs(weight - headlight):.1e}")
`;
}

/** A saved run with query and key may lack the weights: then they are its softmax. */
const fromVectors = `    if f"layers.{layer}.weights" in trace.keys():
        weights = trace.get_tensor(f"layers.{layer}.weights")[head]
    else:
        queries, keys = (trace.get_tensor(f"layers.{layer}.{part}").astype("float64") for part in ("query", "key"))
        scores = queries[head] @ keys[head * len(keys) // len(queries)].T / queries.shape[-1] ** 0.5
        if trace.metadata().get("causal") == "true":
            scores[numpy.triu_indices(len(scores), 1)] = -numpy.inf
        weights = numpy.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)`;

/** A text as a literal that holds on one line, in a comment too. */
function text(value: string): string {
  return JSON.stringify(value);
}

/** So many to a line that none is long. */
function lines(ids: readonly (number | null)[]): string {
  const rows: string[] = [];
  for (let i = 0; i < ids.length; i += 12) rows.push(`    ${ids.slice(i, i + 12).join(', ')},`);
  return rows.join('\n');
}
