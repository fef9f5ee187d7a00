"""A trace as a user of Python would save it: python make_trace.py --model FOLDER --out DIR. Format: cpp/formats/trace_file.h."""
import argparse
import json
import pathlib

import safetensors.torch
import transformers

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--out", required=True)
arguments = parser.parse_args()
tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
model = transformers.AutoModel.from_pretrained(arguments.model, attn_implementation="eager")
pathlib.Path(arguments.out).mkdir(parents=True, exist_ok=True)
text, output = "The old man the boat.", f"{arguments.out}/python.safetensors"

# From here on word for word as in the README: a test compares them.
inputs = tokenizer(text, return_tensors="pt")
run = model(**inputs, output_attentions=True)
safetensors.torch.save_file({f"layers.{n}.weights": weights[0].contiguous() for n, weights in enumerate(run.attentions)},
                            output,
                            {"format": "attention-trace", "version": "1",
                             "tokens": json.dumps(tokenizer.convert_ids_to_tokens(inputs["input_ids"][0]))})
