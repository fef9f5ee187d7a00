"""The fuzzers' first inputs: python make_corpus.py. Writes corpus/NAME/*; the same bytes every time.

Beside them, under names that begin with found-, lie inputs with which a fuzzer reached what these do not.
"""
import json
import math
import pathlib
import random
import struct

HERE = pathlib.Path(__file__).parent
U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, LIST, U64, I64, F64 = range(13)
FORMATS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"}
# ggml's number of each type that is computed with: numbers a block, bytes a block; in the order of the core's Dtype.
BLOCKS = {0: (1, 4), 1: (1, 2), 30: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
          12: (256, 144), 13: (256, 176), 14: (256, 210)}


def save(folder, name, data):
    path = HERE / "corpus" / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# ---- safetensors, and traces in it

def safetensors(tensors, metadata=None, pad=b""):
    """tensors: name -> (dtype, shape, bytes)."""
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode() + pad
    return struct.pack("<Q", len(text)) + text + data


def floats(*numbers):
    return struct.pack(f"<{len(numbers)}f", *numbers)


def make_safetensors():
    four = floats(1, -2, 0.5, math.inf)
    cases = {
        "empty": safetensors({}),
        "metadata": safetensors({}, {"format": "pt", "quote": "\"\n\u00e9"}),
        "matrix": safetensors({"w": ("F32", [2, 2], four)}),
        "scalar": safetensors({"w": ("F32", [], floats(3))}),
        "no-numbers": safetensors({"w": ("F32", [0, 7], b""), "x": ("F16", [3, 0], b"")}),
        "halves": safetensors({"a": ("F16", [2, 2], b"\0\x3c\xff\x7b\1\0\0\xfc"), "b": ("BF16", [3], b"\x80\x3f\0\0\xff\xff")}),
        "others": safetensors({"a": ("I64", [1], bytes(8)), "b": ("F4", [2], b"\x12"), "c": ("F8_E4M3", [3], b"abc")}),
        "odd-place": safetensors({"w": ("F32", [2, 2], four)}, pad=b" "),
        "eight-dimensions": safetensors({"w": ("BOOL", [1, 1, 1, 1, 1, 1, 1, 2], b"\0\1")}),
        "cut": safetensors({"w": ("F32", [2, 2], four)})[:-3],
        "long-header": struct.pack("<Q", 1 << 40) + b"{}",
    }
    for name, data in cases.items():
        save("safetensors", name, data)


def make_trace():
    words = {"format": "attention-trace", "version": "1", "tokens": '["a","b"]'}
    even = ("F32", [1, 2, 2], floats(0.5, 0.5, 0.5, 0.5))
    parts = {f"layers.0.{part}": ("F32", [1, 2, 2], floats(0.1, -0.2, 0.3, 0.4)) for part in ("query", "key", "value")}
    shared = {"layers.0.query": ("F32", [2, 2, 1], floats(1, 2, 3, 4)), "layers.0.key": ("F32", [1, 2, 1], floats(1, 2)),
              "layers.0.value": ("F32", [1, 2, 3], floats(1, 2, 3, 4, 5, 6))}
    hidden = {f"hidden.{n}": ("F32", [2, 3], floats(*range(6))) for n in range(2)}
    cases = {
        "weights": safetensors({"layers.0.weights": even}, words),
        "two-layers": safetensors({"layers.0.weights": even, "layers.1.weights": even}, words),
        "named": safetensors({"layers.0.weights": even}, words | {"name": "n", "text": "a b", "causal": "false"}),
        "halves": safetensors({"layers.0.weights": ("F16", [1, 2, 2], b"\0\x38" * 4)}, words),
        "zeros": safetensors({"layers.0.weights": ("F32", [1, 2, 2], floats(0, 0, 1, 0))}, words),
        "parts": safetensors(parts, words),
        "causal": safetensors(parts, words | {"causal": "true"}),
        "shared-heads": safetensors(shared, words),
        "hidden": safetensors({"layers.0.weights": even} | hidden, words),
        "encoder": safetensors({"encoder.layers.0.weights": even}, words),
        "no-sum": safetensors({"layers.0.weights": ("F32", [1, 2, 2], floats(1, 1, 0, 1))}, words),
    }
    for name, data in cases.items():
        save("trace", name, data)


# ---- GGUF

def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(value)) + value


def value(kind, content):
    if kind == TEXT:
        return text(content)
    if kind == LIST:
        inner, elements = content
        return struct.pack("<IQ", inner, len(elements)) + b"".join(value(inner, each) for each in elements)
    return struct.pack("<" + FORMATS[kind], content)


def gguf(settings, tensors=(), alignment=32, version=3):
    """settings: (key, type, value); tensors: (name, lengths with the innermost first, type, bytes)."""
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(settings))
    for key, kind, content in settings:
        header += text(key) + struct.pack("<I", kind) + value(kind, content)
    data = b""
    for name, lengths, kind, content in tensors:
        data += bytes(-len(data) % alignment)
        header += text(name) + struct.pack(f"<I{len(lengths)}QIQ", len(lengths), *lengths, kind, len(data))
        data += content
    data += bytes(-len(data) % alignment)
    return header + (bytes(-len(header) % alignment) + data if tensors else b"")


def llama(random_bytes, wide=False):
    """One layer, with F32 alone 4 wide, or 32 wide with a different type for every matrix."""
    width, head, inner = (32, 16, 32) if wide else (4, 2, 6)
    settings = [("general.architecture", TEXT, "llama"), ("general.name", TEXT, "tiny")]
    for key, number in (("block_count", 1), ("embedding_length", width), ("feed_forward_length", inner), ("context_length", 16),
                        ("attention.head_count", 2), ("attention.head_count_kv", 1), ("rope.dimension_count", head)):
        settings.append(("llama." + key, U32, number))
    settings += [("llama.attention.layer_norm_rms_epsilon", F32, 1e-5), ("llama.rope.freq_base", F32, 1e4),
                 ("tokenizer.ggml.model", TEXT, "gpt2"), ("tokenizer.ggml.tokens", LIST, (TEXT, list("abcde")))]
    shapes = {"token_embd": [width, 5], "blk.0.attn_norm": [width], "blk.0.attn_q": [width, 2 * head], "blk.0.attn_k": [width, head],
              "blk.0.attn_v": [width, head], "blk.0.attn_output": [2 * head, width], "blk.0.ffn_norm": [width],
              "blk.0.ffn_gate": [width, inner], "blk.0.ffn_up": [width, inner], "blk.0.ffn_down": [inner, width], "output_norm": [width]}
    kinds = iter((8, 2, 3, 6, 7, 1, 30, 8) if wide else (0,) * 8)
    tensors = []
    for name, lengths in shapes.items():
        kind = next(kinds) if len(lengths) == 2 else 0
        block, size = BLOCKS[kind]
        if kind == 0:
            content = floats(*(random_bytes.uniform(-1, 1) for _ in range(math.prod(lengths))))
        else:
            n_blocks = math.prod(lengths) // block
            content = bytes(random_bytes.randrange(56) for _ in range(n_blocks * size))
        tensors.append((name + ".weight", lengths, kind, content))
    return gguf(settings, tensors)


def make_gguf():
    dice = random.Random(1)
    every = [(f"every.{kind}", kind, 1) for kind in FORMATS] + [("every.text", TEXT, "na\u00efve"), ("every.list", LIST, (F32, [0.5, -1]))]
    tokens = [("tokenizer.ggml.model", TEXT, "llama"), ("tokenizer.ggml.pre", TEXT, "default"),
              ("tokenizer.ggml.tokens", LIST, (TEXT, ["a", "<0x0A>", b"\xff"])), ("tokenizer.ggml.scores", LIST, (F32, [0, -1, -2])),
              ("tokenizer.ggml.token_type", LIST, (I32, [1, 6, 2])), ("tokenizer.ggml.merges", LIST, (TEXT, ["a b"])),
              ("tokenizer.ggml.bos_token_id", U32, 1), ("tokenizer.ggml.add_bos_token", BOOL, 1),
              ("tokenizer.chat_template", TEXT, "{{ x }}")]
    blocks = [(f"t{kind}", [n], kind, bytes(dice.randrange(256) for _ in range(size))) for kind, (n, size) in BLOCKS.items()]
    others = [("q2", [256], 10, bytes(84)), ("iq4", [32], 20, bytes(18)), ("i8", [3], 24, b"abc"), ("mx", [32], 39, bytes(17))]
    matrix = [("w", [2, 2], 0, floats(1, 2, 3, 4))]
    cases = {
        "empty": gguf([]),
        "every-value": gguf(every),
        "tokenizer": gguf(tokens),
        "blocks": gguf([], blocks),
        "others": gguf([], others),
        "matrix": gguf([], matrix),
        "second-version": gguf([], matrix, version=2),
        "alignment-1": gguf([("general.alignment", U32, 1)], matrix, alignment=1),
        "alignment-64": gguf([("general.alignment", U32, 64)], matrix * 1, alignment=64),
        "llama": llama(dice),
        "llama-quantised": llama(dice, wide=True),
        "first-version": gguf([], matrix, version=1),
        "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
        "cut": gguf(tokens, matrix)[:-20],
        "many": b"GGUF" + struct.pack("<IQQ", 3, 1 << 63, 1 << 63),
    }
    for name, data in cases.items():
        save("gguf", name, data)


# ---- configurations, and blocks of numbers

def make_config():
    golden = HERE.parent / "golden" / "families"
    for family in ("llama", "llama3", "bert", "gpt2", "mistral", "qwen2", "qwen3", "roberta", "distilbert"):
        save("config", family, (golden / family / "config.json").read_bytes())
    save("config", "llama-v4", (golden / "llama" / "config_v4.json").read_bytes())
    save("config", "llama3-v4", (golden / "llama3" / "config_v4.json").read_bytes())
    save("config", "every-value", json.dumps({"a": [None, True, -1, 1.5e-9, "\u00e9\n", [], {}], "b": {"c": {"d": 2 ** 64}}}).encode())
    save("config", "deep", b'{"a":' + b"[" * 40 + b"]" * 40 + b"}")
    save("config", "twice", b'{"a":1,"a":2}')


def make_dequantise():
    dice = random.Random(2)
    for index, (kind, (_, size)) in enumerate(BLOCKS.items()):
        save("dequantise", f"random-{kind}", bytes([index]) + bytes(dice.randrange(256) for _ in range(2 * size)))
        save("dequantise", f"ones-{kind}", bytes([index]) + b"\xff" * size)
    save("dequantise", "not-computed", bytes([len(BLOCKS)]) + bytes(64))


if __name__ == "__main__":
    make_safetensors()
    make_trace()
    make_gguf()
    make_config()
    make_dequantise()
