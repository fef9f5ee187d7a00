"""What the make_*.py scripts share: recording a model's attention, checking it with NumPy, writing reference files."""
import contextlib
import importlib
import json
import pathlib
import platform

import numpy as np
import safetensors
import safetensors.numpy
import tokenizers
import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent

torch.set_num_threads(2)
torch.use_deterministic_algorithms(True)
torch.set_grad_enabled(False)


def versions():
    return (f"torch {torch.__version__}, transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, "
            f"safetensors {safetensors.__version__}, numpy {np.__version__}, python {platform.python_version()}, "
            f"{platform.machine()} cpu, float32, attn_implementation=eager")


def load_sentences(path, section):
    """A section of the sentence file (default: sentences.json beside this script)."""
    path = pathlib.Path(path) if path else HERE / "sentences.json"
    return json.loads(path.read_text(encoding="utf-8"))[section]


def to_numpy(tensor):
    return tensor.detach().to(torch.float32 if tensor.is_floating_point() else torch.int32).contiguous().numpy()


def write_safetensors(path, arrays, metadata):
    """Same bytes every time: the safetensors package writes its metadata in random order."""
    kinds = {"float32": "F32", "int32": "I32", "uint8": "U8"}
    header, offset = {"__metadata__": dict(sorted(metadata.items()))}, 0
    names = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    for name in names:
        array = arrays[name]
        end = offset + array.nbytes
        header[name] = {"dtype": kinds[array.dtype.name], "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(arrays[name].tobytes() for name in names))
    back = safetensors.numpy.load_file(path)
    assert all(np.array_equal(back[name], arrays[name]) for name in names) and len(back) == len(names)


def save(path, tensors, **metadata):
    """One reference file. Floats become float32, integers int32, uint8 stays; metadata values become strings."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name, value in tensors.items():
        value = np.asarray(value)
        if value.dtype != np.uint8:
            value = value.astype(np.float32 if value.dtype.kind == "f" else np.int32)
        arrays[name] = np.ascontiguousarray(value)
    text = {"made_with": versions()}
    for key, value in metadata.items():
        text[key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    write_safetensors(path, arrays, text)
    print(f"{path.parent.name}/{path.name}: {len(arrays)} tensors, {path.stat().st_size / 1e6:.2f} MB")


class Call:
    """One call of a model's eager attention: what went in, and the weights that came out. Leading axis: batch."""

    def __init__(self, query, key, value, mask, scaling, weights):
        self.scaling = scaling
        self.query, self.key, self.value, self.weights = (t.detach().clone() for t in (query, key, value, weights))
        self.mask = None if mask is None else mask.detach().clone()

    def scores(self):
        """NumPy: what softmax sees, scaled, -inf where masked. Float32 result of float64 arithmetic."""
        query, key = (t.double().numpy() for t in (self.query, self.key))
        key = np.repeat(key, query.shape[1] // key.shape[1], axis=1)    # grouped heads share keys
        scores = query @ key.swapaxes(-1, -2) * self.scaling
        if self.mask is not None:
            mask = self.mask.numpy()
            assert set(np.unique(mask)) <= {0.0, np.finfo(np.float32).min}, np.unique(mask)
            scores = np.where(np.broadcast_to(mask, scores.shape) != 0, -np.inf, scores)
        return scores

    def check(self, tolerance=1e-5):
        """Softmax of scores() must be the weights that PyTorch returned. Returns the largest difference."""
        scores = self.scores()
        exps = np.exp(scores - scores.max(-1, keepdims=True))
        expected = exps / exps.sum(-1, keepdims=True)
        weights = self.weights.double().numpy()
        difference = np.abs(expected - weights).max()
        assert difference < tolerance, difference
        assert np.abs(weights.sum(-1) - 1).max() < 1e-5
        assert (weights[np.broadcast_to(np.isneginf(scores), weights.shape)] == 0).all()
        return float(difference)

    def entropy_ratio(self):
        """Mean entropy of rows with at least two visible keys over the entropy of a uniform row: 1 is uniform."""
        weights = self.weights.double().numpy()
        visible = (~np.isneginf(self.scores())).sum(-1)
        entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(-1)
        return float((entropy[visible > 1] / np.log(visible[visible > 1])).mean()) if (visible > 1).any() else 0.0


@contextlib.contextmanager
def recording(family):
    """Records every eager attention call of transformers' modeling file for this family, in order of execution."""
    calls = []
    modeling = importlib.import_module(f"transformers.models.{family}.modeling_{family}")
    original = modeling.eager_attention_forward

    def wrapped(module, query, key, value, attention_mask, *args, **kwargs):
        assert not args
        output, weights = original(module, query, key, value, attention_mask, **kwargs)
        scaling = kwargs.get("scaling")
        scaling = query.shape[-1] ** -0.5 if scaling is None else float(scaling)
        calls.append(Call(query, key, value, attention_mask, scaling, weights))
        return output, weights

    modeling.eager_attention_forward = wrapped
    try:
        yield calls
    finally:
        modeling.eager_attention_forward = original


@contextlib.contextmanager
def block_outputs(blocks):
    """Records the input of the first block and the output of each: the residual stream."""
    states, handles = [], []

    def before(module, args, kwargs):
        if not states:
            states.append((args[0] if args else kwargs["hidden_states"]).detach().clone())

    def after(module, args, kwargs, output):
        states.append((output[0] if isinstance(output, tuple) else output).detach().clone())

    for block in blocks:
        handles.append(block.register_forward_pre_hook(before, with_kwargs=True))
        handles.append(block.register_forward_hook(after, with_kwargs=True))
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()
