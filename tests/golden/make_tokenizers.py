"""Reference tokens of all-MiniLM-L6-v2: python make_tokenizers.py --minilm FOLDER --out DIR [--sentences FILE]

FOLDER holds tokenizer.json. Writes DIR/minilm.json, a list of {text, ids, tokens, offsets}; offsets are [start, end) in
Unicode code points of the text. Needs the package tokenizers alone.
"""
import argparse
import json
import pathlib

import tokenizers

HERE = pathlib.Path(__file__).resolve().parent


def encode(tokenizer, text):
    encoding = tokenizer.encode(text)
    offsets = [list(each) for each in encoding.offsets]
    return {"text": text, "ids": encoding.ids, "tokens": encoding.tokens, "offsets": offsets}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minilm", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sentences", default=str(HERE / "sentences.json"))
    args = parser.parse_args()
    sentences = json.loads(pathlib.Path(args.sentences).read_text(encoding="utf-8"))["tokenizers"]

    tokenizer = tokenizers.Tokenizer.from_file(str(pathlib.Path(args.minilm) / "tokenizer.json"))
    tokenizer.no_truncation()   # the file itself says: truncate to 128, pad to 128
    tokenizer.no_padding()
    entries = [encode(tokenizer, case["text"] * case.get("repeat", 1)) for case in sentences]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=True) for entry in entries)
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "minilm.json").write_text(f"[\n{lines}\n]\n")
    print("minilm.json:", len(entries), "texts")


if __name__ == "__main__":
    main()
