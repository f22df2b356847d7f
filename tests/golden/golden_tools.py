"""What the golden scripts share: determinism, files, errors against float64."""

import json
import os
import pathlib

# One thread, before anything is imported that starts some: sums keep their order.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def save_tensors(path, tensors, metadata=None):
    """float64 is rounded to float32, which is what the C++ side computes in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {
        name: (value.float() if value.dtype == torch.float64 else value).detach().clone().contiguous()
        for name, value in tensors.items()
    }
    save_file(stored, str(path), metadata or {"format": "pt"})


def layout(value, depth=0):
    """JSON with one line for each thing that holds only plain values."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not any(isinstance(item, (dict, list)) for item in items) or depth == 3:
        return json.dumps(value, ensure_ascii=False)
    indent = " " * (depth + 1)
    if isinstance(value, dict):
        lines = [f"{indent}{json.dumps(key)}: {layout(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + indent[1:] + "}"
    return "[\n" + ",\n".join(indent + layout(item, depth + 1) for item in value) + "\n" + indent[1:] + "]"


def save_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(layout(value) + "\n", encoding="utf-8")


def relative_error(found, truth):
    """|found - truth| / |truth| in the Euclidean norm; absolute where the truth is nil."""
    truth = truth.double()
    norm = float(truth.norm())
    difference = float((found.double() - truth).norm())
    return difference / norm if norm > 1e-12 else difference
