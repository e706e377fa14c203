"""Fits the network to windows, and writes it as ONNX."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional

from train.sound.network import SoundNet, example
from train.sound.scenes import LABELS, Windows

_BATCH = 512
_RATE = 2e-3
_SMOOTHED = 0.02  # no label is surer than this: some windows are labelled wrongly
_KEPT = 0.998  # of the running mean of the weights, each step


def fit(windows: Windows, epochs: int, seed: int) -> SoundNet:
    """Fit from scratch, on a GPU if there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    net = SoundNet().to(device)
    pictures = torch.from_numpy(windows.pictures).to(device)
    targets = torch.from_numpy(windows.targets).to(device)
    mean = copy.deepcopy(net).eval()
    steps = epochs * (len(pictures) // _BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda i: min(1.0, i / 200) * 0.5 * (1 + math.cos(math.pi * i / steps))
    )
    order = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        shuffled = torch.randperm(len(pictures), generator=order)
        total = 0.0
        for at in range(0, len(pictures) - _BATCH + 1, _BATCH):
            chosen = shuffled[at : at + _BATCH].to(device)
            target = targets[chosen].float()
            logits = net(_varied(pictures[chosen].float() / 255))
            smooth = target.clamp(0, 1) * (1 - 2 * _SMOOTHED) + _SMOOTHED
            each = functional.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
            loss = (each * (target >= 0)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            _follow(mean, net)
            total += float(loss.detach())
        print(
            f"epoch {epoch + 1}/{epochs}: loss {total / (len(pictures) // _BATCH):.4f}", flush=True
        )
    return mean.cpu().eval()


def write(net: SoundNet, path: Path) -> None:
    """Write the network with the names of its answers."""
    torch.onnx.export(
        net,
        (example(),),
        str(path),
        input_names=["pictures"],
        output_names=["log_odds"],
        dynamic_axes={"pictures": {0: "n"}, "log_odds": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = "labels", json.dumps(LABELS)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def without(windows: Windows, groups: set[str]) -> Windows:
    """Leave out every window with a recording of these groups."""
    kept = np.array([group not in groups for group in windows.groups])
    return Windows(
        windows.pictures[kept],
        windows.targets[kept],
        [group for group in windows.groups if group not in groups],
    )


@torch.no_grad()
def _follow(mean: SoundNet, net: SoundNet) -> None:
    for slow, fast in zip(mean.parameters(), net.parameters(), strict=True):
        slow.lerp_(fast, 1 - _KEPT)
    for slow, fast in zip(mean.buffers(), net.buffers(), strict=True):
        slow.copy_(fast)


def _varied(pictures: Tensor) -> Tensor:
    """Blur what must not matter: a noise floor, a microphone's colour, a missing band or moment."""
    n, frames, bands = pictures.shape
    device = pictures.device

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, device=device)

    tilt = (draw(n, 1, 1) - 0.5) * 0.25 * torch.linspace(-1, 1, bands, device=device)
    out = pictures + tilt * (pictures > 0) + 0.015 * torch.randn_like(pictures)
    floor = draw(n, 1, 1) * 0.5 * (draw(n, 1, 1) < 0.3)
    out = torch.maximum(out, floor)
    at, width = draw(n, 1, 1) * bands, draw(n, 1, 1) * 10 * (draw(n, 1, 1) < 0.5)
    place = torch.arange(bands, device=device)
    out = out * ~((place >= at) & (place < at + width))
    at, width = draw(n, 1, 1) * frames, draw(n, 1, 1) * 15 * (draw(n, 1, 1) < 0.4)
    moment = torch.arange(frames, device=device)[:, None]
    out = out * ~((moment >= at) & (moment < at + width))
    # The picture is relative to its loudest cell, whatever was taken away.
    out = out + (1 - out.amax(dim=(1, 2), keepdim=True)) * (out > 0)
    return out.clamp(0, 1)
