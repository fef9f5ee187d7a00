"""Reference numbers of all-MiniLM-L6-v2: python make_minilm.py --model FOLDER --out DIR [--sentences FILE] [--float64]

FOLDER holds config.json, model.safetensors and tokenizer.json. With --float64 the model also runs in double precision and the
largest differences are printed and written to noise.json.
"""
import argparse
import json
import pathlib

import numpy as np
import safetensors.numpy
import torch
import transformers

import common

MAX_TOKENS = 512


def load(folder, dtype):
    return transformers.BertModel.from_pretrained(folder, attn_implementation="eager", dtype=dtype).eval()


def embed(hidden, axis=0):
    """Mean over all tokens ([CLS] and [SEP] included), then L2 normalisation."""
    mean = hidden.astype(np.float64).mean(axis)
    return mean / max(np.linalg.norm(mean), 1e-12)


def run(model, ids):
    with common.recording("bert") as calls, common.block_outputs(model.encoder.layer) as states:
        output = model(input_ids=torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    assert len(output.attentions) == len(calls) == model.config.num_hidden_layers
    for n, (call, weights) in enumerate(zip(calls, output.attentions)):
        assert torch.equal(call.weights, weights)
        assert torch.equal(states[n], output.hidden_states[n])
    assert torch.equal(states[-1], output.last_hidden_state)
    return calls, states, output


def check_layer0(parameters, ids, weights, tolerance=1e-5):
    """Layer 0 attention from the file's tensors with NumPy alone."""
    p = {name.removeprefix("bert."): value.astype(np.float64) for name, value in parameters.items() if value.dtype.kind == "f"}
    x = (p["embeddings.word_embeddings.weight"][ids] + p["embeddings.token_type_embeddings.weight"][0]
         + p["embeddings.position_embeddings.weight"][:len(ids)])
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    x = x * p["embeddings.LayerNorm.weight"] + p["embeddings.LayerNorm.bias"]
    q, k = (x @ p[f"encoder.layer.0.attention.self.{n}.weight"].T + p[f"encoder.layer.0.attention.self.{n}.bias"]
            for n in ("query", "key"))
    q, k = (t.reshape(len(ids), 12, 32).swapaxes(0, 1) for t in (q, k))
    scores = q @ k.swapaxes(1, 2) / np.sqrt(32)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    difference = np.abs(scores / scores.sum(-1, keepdims=True) - weights).max()
    assert difference < tolerance, difference
    return float(difference)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sentences")
    parser.add_argument("--float64", action="store_true")
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(pathlib.Path(args.model) / "tokenizer.json"))
    tokenizer.backend_tokenizer.no_truncation()   # the file itself says: truncate to 128, pad to 128
    tokenizer.backend_tokenizer.no_padding()
    model = load(args.model, torch.float32)
    model64 = load(args.model, torch.float64) if args.float64 else None
    parameters = safetensors.numpy.load_file(pathlib.Path(args.model) / "model.safetensors")
    noise = {}
    for case in common.load_sentences(args.sentences, "minilm"):
        text = case["text"] * case.get("repeat", 1)
        ids = tokenizer.backend_tokenizer.encode(text).ids
        whole = len(ids)
        if whole > MAX_TOKENS:
            ids = ids[:MAX_TOKENS - 1] + [102]
        tokens = [tokenizer.backend_tokenizer.id_to_token(i) for i in ids]
        calls, states, output = run(model, ids)
        tensors = {"input_ids": np.array(ids)}
        rows = case.get("rows")
        for n, call in enumerate(calls):
            call.check()
            weights = common.to_numpy(call.weights[0])
            if rows is None:
                tensors[f"layers.{n}.weights"] = weights
            else:
                wide = weights.astype(np.float64)
                tensors[f"layers.{n}.weights.rows"] = weights[:, rows]
                tensors[f"layers.{n}.weights.column_sums"] = wide.sum(1)
                tensors[f"layers.{n}.weights.row_max"] = weights.max(2)
                tensors[f"layers.{n}.weights.row_entropy"] = -(wide * np.log(np.maximum(wide, 1e-300))).sum(2)
            if case.get("parts"):
                tensors[f"layers.{n}.query"] = common.to_numpy(call.query[0])
                tensors[f"layers.{n}.key"] = common.to_numpy(call.key[0])
                tensors[f"layers.{n}.value"] = common.to_numpy(call.value[0])
                tensors[f"layers.{n}.scores"] = call.scores()[0]
        for n, state in enumerate(states):
            hidden = common.to_numpy(state[0])
            if rows is None:
                tensors[f"hidden.{n}"] = hidden
            else:
                tensors[f"hidden.{n}.rows"] = hidden[rows]
                tensors[f"hidden.{n}.mean"] = hidden.astype(np.float64).mean(1)
                tensors[f"hidden.{n}.norm"] = np.linalg.norm(hidden.astype(np.float64), axis=1)
        tensors["embedding"] = embed(common.to_numpy(states[-1][0]))
        by_hand = check_layer0(parameters, ids, common.to_numpy(calls[0].weights[0]))
        extra = {} if rows is None else {"rows": rows, "n_tokens_before_truncation": whole}
        common.save(out / f"{case['name']}.safetensors", tensors, model="all-MiniLM-L6-v2", text=text, tokens=tokens, **extra)
        line = {"n_tokens": len(ids), "layer0_by_numpy": by_hand}
        if model64 is not None:
            calls64, states64, _ = run(model64, ids)
            line["weights"] = max(float((a.weights.double() - b.weights).abs().max()) for a, b in zip(calls, calls64))
            line["hidden"] = max(float((a.double() - b).abs().max()) for a, b in zip(states, states64))
            line["weights_per_layer"] = [float((a.weights.double() - b.weights).abs().max()) for a, b in zip(calls, calls64)]
            line["hidden_per_layer"] = [float((a.double() - b).abs().max()) for a, b in zip(states, states64)]
            line["hidden_max_abs"] = max(float(a.abs().max()) for a in states)
            line["embedding"] = float(np.abs(embed(states[-1][0].numpy()) - embed(states64[-1][0].numpy())).max())
        print("   ", {k: v for k, v in line.items() if not k.endswith("per_layer")})
        noise[case["name"]] = line
    if args.float64:
        (out / "noise.json").write_text(json.dumps(noise, indent=1) + "\n")


if __name__ == "__main__":
    main()
