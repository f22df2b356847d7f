"""Writes tests/golden/optimiser/: AdamW, clipping and activations of PyTorch, schedules of
transformers. README.md in this folder describes the files.

    python tests/golden/make_optimiser_golden.py
"""

import math
import types

from golden_tools import HERE, save_json, save_tensors

import torch
import transformers
from transformers.activations import ACT2FN

OUT = HERE / "optimiser"
STEPS = 20
ACTIVATIONS = ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "quick_gelu", "relu", "silu", "tanh"]


def make_adamw():
    """Gradients are given, so that only the optimiser is tested; the rate changes at each step."""
    torch.manual_seed(5)
    shapes = {"matrix": (6, 5), "bias": (7,), "rare": (4, 3), "still": (5,)}
    decays = {"matrix": 0.01, "bias": 0.0, "rare": 0.01, "still": 0.01}
    rates = {"matrix": 1e-2, "bias": 2e-2, "rare": 5e-3, "still": 1e-2}
    parameters = {name: torch.nn.Parameter(torch.randn(shape)) for name, shape in shapes.items()}
    gradients = {name: torch.randn(STEPS, *shape) for name, shape in shapes.items()}
    gradients["bias"] *= 10.0 ** torch.arange(-9, -2)  # from below epsilon upwards
    gradients["rare"] *= (torch.arange(STEPS) % 7 == 3)[:, None, None]  # rows of a rare word
    gradients["still"] *= 0  # no gradient ever: only decay

    tensors = {f"initial.{name}": p.detach().clone() for name, p in parameters.items()}
    tensors |= {f"gradients.{name}": g for name, g in gradients.items()}
    groups = [
        {"params": [parameters[name]], "lr": rates[name], "weight_decay": decays[name]} for name in shapes
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8, foreach=False)
    schedule = transformers.get_linear_schedule_with_warmup(optimiser, 3, STEPS)
    factors, history = [], {name: [] for name in shapes}
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.grad = gradients[name][step].clone()
        factors.append(schedule.lr_lambdas[0](schedule.last_epoch))
        optimiser.step()
        schedule.step()
        for name, parameter in parameters.items():
            history[name].append(parameter.detach().clone())
    for name, parameter in parameters.items():
        tensors[f"values.{name}"] = torch.stack(history[name])
        tensors[f"first_moment.{name}"] = optimiser.state[parameter]["exp_avg"]
        tensors[f"second_moment.{name}"] = optimiser.state[parameter]["exp_avg_sq"]
    save_tensors(OUT / "adamw.safetensors", tensors)
    save_json(
        OUT / "adamw.json",
        {
            "betas": [0.9, 0.999],
            "epsilon": 1e-8,
            "lr_factors": factors,
            "parameters": {name: {"lr": rates[name], "weight_decay": decays[name]} for name in shapes},
        },
    )


def make_clipping():
    """Gradients of three tensors at four scales; norm and what is left of them."""
    torch.manual_seed(6)
    tensors, norms = {}, []
    for case, scale in enumerate((0.01, 0.1, 1.0, 1000.0)):
        parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((4, 5), (6,), (1,))]
        for number, parameter in enumerate(parameters):
            parameter.grad = torch.randn(parameter.shape) * scale
            tensors[f"before.{case}.{number}"] = parameter.grad.clone()
        norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, 1.0)))
        for number, parameter in enumerate(parameters):
            tensors[f"after.{case}.{number}"] = parameter.grad
    assert min(norms) < 1.0 < max(norms)
    save_tensors(OUT / "clipping.safetensors", tensors)
    save_json(OUT / "clipping.json", {"max_norm": 1.0, "norms": norms})


def make_schedules():
    makers = {
        "linear": transformers.get_linear_schedule_with_warmup,
        "cosine": transformers.get_cosine_schedule_with_warmup,
        "constant": lambda optimiser, warmup, steps: transformers.get_constant_schedule_with_warmup(optimiser, warmup),
    }
    cases = []
    for name, maker in makers.items():
        for warmup, steps in ((0, 10), (3, 20), (1, 1), (5, 5), (0, 1), (7, 100)):
            optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            schedule = maker(optimiser, warmup, steps)
            factors = []
            for _ in range(steps):
                factors.append(schedule.get_last_lr()[0])
                optimiser.step()
                schedule.step()
            cases.append({"name": name, "warmup_steps": warmup, "steps": steps, "factors": factors})
    # 0.07 * 100 is a little more than 7 in binary: rounded up, that is 8.
    ratios = [
        {"ratio": ratio, "steps": steps, "warmup_steps": math.ceil(steps * ratio)}
        for ratio, steps in ((0.1, 1), (0.1, 3), (0.1, 30), (0.07, 100), (0.1, 1055), (0.06, 50), (0.0, 10), (0.5, 7))
    ]
    for case in ratios:
        arguments = types.SimpleNamespace(warmup_steps=case["ratio"])  # below 1: a ratio
        found = transformers.TrainingArguments.get_warmup_steps(arguments, case["steps"])
        assert found == case["warmup_steps"], case
    save_json(OUT / "schedules.json", {"schedules": cases, "warmup": ratios})


def make_activations():
    """Values and derivatives in float64, from the far left to the far right."""
    inputs = torch.cat([torch.linspace(-12, 12, 97), torch.tensor([-1e-3, 1e-3, -100.0, 100.0])]).double()
    tensors = {"inputs": inputs}
    for name in ACTIVATIONS:
        x = inputs.clone().requires_grad_()
        values = ACT2FN[name](x)
        values.sum().backward()
        tensors[f"{name}.values"] = values
        tensors[f"{name}.derivatives"] = x.grad
    save_tensors(OUT / "activations.safetensors", tensors)


if __name__ == "__main__":
    make_adamw()
    make_clipping()
    make_schedules()
    make_activations()
