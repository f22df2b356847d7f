"""Writes tests/golden/safetensors/mixed.safetensors with the reference package: every dtype we
read, awkward names, a scalar and an empty tensor. Our writer has to make the same bytes of it.

    python tests/golden/make_safetensors_golden.py
"""

from golden_tools import HERE, save_tensors

import torch


def values(dtype, *shape):
    count = torch.Size(shape).numel()
    numbers = torch.arange(count) - count // 2
    return (numbers > 0 if dtype == torch.bool else numbers.to(dtype)).reshape(shape)


if __name__ == "__main__":
    save_tensors(
        HERE / "safetensors" / "mixed.safetensors",
        {
            "single": values(torch.float32, 3, 2),
            "half": values(torch.float16, 5) * 0.1,
            "brain": values(torch.bfloat16, 5) * 0.1,
            "long": values(torch.int64, 1, 4),
            "int": values(torch.int32, 3),
            "short": values(torch.int16, 3),
            "byte": values(torch.int8, 3),
            "unsigned": torch.tensor([0, 127, 255], dtype=torch.uint8),
            "flags": values(torch.bool, 3),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 7),
            'a "name"\twith\\ every\x01thing, é and 東': torch.ones(1),
            "": torch.zeros(1),
        },
    )
