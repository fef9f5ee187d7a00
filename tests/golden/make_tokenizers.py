"""Reference tokens: python make_tokenizers.py --minilm FOLDER --smollm FILE.gguf --out DIR [--sentences FILE]

FOLDER holds tokenizer.json; FILE is SmolLM2's. Writes lists of {text, ids, tokens, offsets}, offsets [start, end) in
Unicode code points of the text: minilm.json and smollm2.json (there also the ids without the split of digits, where they
differ). And splits.json: for other names of a pre-tokenizer the ids over SmolLM2's vocabulary, {name: {index of the text:
ids}} where they differ from smollm2.json. And sentencepiece.json: a small SentencePiece vocabulary, trained here, and its
ids. Needs tokenizers, gguf, sentencepiece.
"""
import argparse
import io
import json
import pathlib

import gguf
import sentencepiece
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).resolve().parent

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLITS = {
    "gpt-2": [GPT2 + r"|\s+"],
    "llama-bpe": [GPT4.replace("DIGITS", r"\p{N}{1,3}")],
    "qwen2": [GPT4.replace("DIGITS", r"\p{N}")],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}


def encode(tokenizer, text, special):
    encoding = tokenizer.encode(text, add_special_tokens=special)
    offsets = [list(each) for each in encoding.offsets]
    return {"text": text, "ids": encoding.ids, "tokens": encoding.tokens, "offsets": offsets}


def write(path, entries):
    lines = ",\n".join(json.dumps(entry, ensure_ascii=True) for entry in entries)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {len(entries)} texts")


def byte_level(file, splits, whole_words=False):
    """The byte-level BPE of a GGUF file, its text split as given."""
    fields = gguf.GGUFReader(file).fields
    contents = lambda name: fields["tokenizer.ggml." + name].contents()
    pieces, kinds = contents("tokens"), contents("token_type")
    merges = [tuple(merge.split(" ")) for merge in contents("merges")]
    model = tokenizers.models.BPE({piece: i for i, piece in enumerate(pieces)}, merges, ignore_merges=whole_words)
    tokenizer = tokenizers.Tokenizer(model)
    bytes_alone = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(splits + [bytes_alone])
    tokenizer.add_special_tokens([piece for piece, kind in zip(pieces, kinds) if kind == 3])
    return tokenizer


def split(patterns):
    return [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]


def smollm(file, texts, out):
    tokenizer = byte_level(file, [pre_tokenizers.Digits(individual_digits=True)] + split(SPLITS["gpt-2"]))
    plain = byte_level(file, split(SPLITS["gpt-2"]))
    entries = []
    for text in texts:
        entry = encode(tokenizer, text, False)
        other = plain.encode(text, add_special_tokens=False).ids
        entries.append(entry if other == entry["ids"] else entry | {"ids_without_digit_split": other})
    write(out / "smollm2.json", entries)

    differing = {}
    for name, patterns in SPLITS.items():
        tokenizer = byte_level(file, split(patterns), whole_words=name == "llama-bpe")
        if name == "qwen2":
            tokenizer.normalizer = normalizers.NFC()
        ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        differing[name] = {i: each for i, each in enumerate(ids) if each != entries[i]["ids"]}
    (out / "splits.json").write_text(json.dumps(differing) + "\n")
    print("splits.json:", {name: len(each) for name, each in differing.items()}, "texts differ")


def sentencepieces(texts, out):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text[:2000] for text in texts for _ in range(3)), model_writer=model, vocab_size=700,
        model_type="bpe", byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2,
        user_defined_symbols=["<|mark|>"])
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    every = range(processor.vocab_size())
    pieces = [processor.id_to_piece(i) for i in every]
    kinds = [2 if processor.is_unknown(i) else 3 if processor.is_control(i) else 6 if processor.is_byte(i)
             else 4 if pieces[i] == "<|mark|>" else 1 for i in every]
    texts = texts + ["typed <0x0A> is no byte"]
    runs = [{"text": text, "ids": processor.encode(text)} for text in texts]
    scores = [processor.get_score(i) for i in every]
    (out / "sentencepiece.json").write_text(json.dumps({"tokens": pieces, "scores": scores, "types": kinds, "runs": runs}) + "\n")
    print("sentencepiece.json:", len(runs), "texts")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minilm", required=True)
    parser.add_argument("--smollm", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sentences", default=str(HERE / "sentences.json"))
    args = parser.parse_args()
    cases = json.loads(pathlib.Path(args.sentences).read_text(encoding="utf-8"))["tokenizers"]
    texts = [case["text"] * case.get("repeat", 1) for case in cases]
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)

    tokenizer = tokenizers.Tokenizer.from_file(str(pathlib.Path(args.minilm) / "tokenizer.json"))
    tokenizer.no_truncation()   # the file itself says: truncate to 128, pad to 128
    tokenizer.no_padding()
    write(out / "minilm.json", [encode(tokenizer, text, True) for text in texts])
    smollm(args.smollm, texts, out)
    sentencepieces(texts, out)


if __name__ == "__main__":
    main()
