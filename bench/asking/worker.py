"""What the bench has vLLM's worker do, by name, in the process that runs the model."""

from __future__ import annotations

import cProfile
import io
import json
import pstats
from typing import Any


class Probe:
    """Mixed into vLLM's worker (`worker_extension_cls`); answers are JSON."""

    model_runner: Any
    bench_profile: Any
    bench_host: cProfile.Profile

    def bench_randomise(self) -> str:
        """Fill packed weights: invented ones are all zero, and the router sends all one way."""
        for _, parameter in self.model_runner.get_model().named_parameters():
            if not parameter.dtype.is_floating_point and parameter.numel() > 100_000:
                parameter.data.random_(-(2**31), 2**31 - 1)
        return json.dumps({"gb": round(self._bench_allocated() / 1e9, 2)})

    def bench_switch(self, what: str, on: bool) -> str:  # noqa: FBT001 - goes through msgpack
        """Turn a part of this project's way on or off."""
        from inference_server.serve.encoders import install

        if what == "sorted":
            self.model_runner.omnicam_sorts = on
        else:
            for part in install.parts(self.model_runner.get_model()):
                part.graphs.enabled = on
        return json.dumps({what: on})

    def bench_graphs(self) -> str:
        """Say how many graphs of encoders there are and how often they ran."""
        from inference_server.serve.encoders import install

        vision, sound = (part.graphs for part in install.parts(self.model_runner.get_model()))
        return json.dumps(
            {
                name: {"enabled": graphs.enabled, "recorded": len(graphs), "ran": graphs.replayed}
                for name, graphs in (("vision", vision), ("sound", sound))
            }
        )

    def bench_compare(self, grids: list[list[list[int]]], lengths: list[list[int]]) -> str:
        """Give the largest difference between vLLM's own encoders and what replaces them.

        Relative to the largest value. Each shape three times: as it comes, recorded, replayed.
        """
        import torch
        from vllm.config import set_current_vllm_config
        from vllm.forward_context import set_forward_context

        model = self.model_runner.get_model()
        config = self.model_runner.vllm_config
        tower, visual = model.audio_tower, model.visual
        worst = {"vision": 0.0, "sound": 0.0}

        def note(kind: str, plain: Any, ours: Any) -> None:
            gap = (plain.float() - ours.float()).abs().max() / plain.float().abs().max()
            worst[kind] = max(worst[kind], float(gap))

        with (
            torch.inference_mode(),
            set_current_vllm_config(config),
            set_forward_context(None, config),
        ):
            for grid in grids:
                sizes = torch.tensor(grid)
                for _ in range(3):
                    pixels = torch.randn(int(sizes.prod(-1).sum()), 1536).to(
                        device=visual.device, dtype=visual.dtype
                    )
                    plain = type(visual).forward.omnicam(visual, pixels, sizes)
                    note("vision", plain, visual(pixels, grid_thw=sizes))
            for each in lengths:
                for _ in range(3):
                    mel = torch.randn(tower.num_mel_bins, sum(each)).to(
                        device=tower.device, dtype=tower.dtype
                    )
                    given = {"input_features": mel, "audio_feature_lengths": torch.tensor(each)}
                    own = {**given, "audio_feature_lengths": torch.tensor(each, device=mel.device)}
                    plain = type(model)._process_audio_input.omnicam(model, own)  # noqa: SLF001
                    ours = model._process_audio_input(given)  # noqa: SLF001
                    note("sound", torch.cat(list(plain)), torch.cat(list(ours)))
        return json.dumps(worst)

    def bench_watch(self) -> str:
        """Begin to note what the GPU does; `null` where there is none."""
        import torch

        self.bench_profile = None
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            self.bench_profile = torch.profiler.profile(
                activities=[torch.profiler.ProfilerActivity.CUDA]
            )
            self.bench_profile.__enter__()
        return json.dumps(self.bench_profile is not None)

    def bench_watched(self) -> str:
        """End it; gives ms in which a kernel or a copy ran, from the first to the last."""
        import torch

        if self.bench_profile is None:
            return json.dumps(None)
        torch.cuda.synchronize()
        self.bench_profile.__exit__(None, None, None)
        events = [
            (event.start_ns(), event.start_ns() + event.duration_ns(), event.name())
            for event in self.bench_profile.profiler.kineto_results.events()
            if event.device_type() == torch.autograd.DeviceType.CUDA
        ]
        self.bench_profile = None
        return json.dumps(busy(events))

    def bench_host_watch(self) -> str:
        """Begin to note what the engine's thread does."""
        self.bench_host = cProfile.Profile()
        self.bench_host.enable()
        return json.dumps(None)

    def bench_host_watched(self) -> str:
        """End it; gives the functions that took longest."""
        self.bench_host.disable()
        return json.dumps(table(self.bench_host))

    def _bench_allocated(self) -> int:
        import torch

        return int(torch.cuda.memory_allocated()) if torch.cuda.is_available() else 0


def busy(events: list[tuple[int, int, str]]) -> dict[str, Any]:
    """Sum up when something ran.

    Args:
        events: begin and end in ns, and name.

    Returns:
        `busy_ms`, `span_ms` (from the first to the last) and the names that took longest, in ms.
    """
    total, until = 0, 0
    by_name: dict[str, int] = {}
    for begin, end, name in sorted(events):
        total += max(end - max(begin, until), 0)
        until = max(until, end)
        by_name[name] = by_name.get(name, 0) + end - begin
    top = sorted(by_name.items(), key=lambda entry: -entry[1])[:12]
    span = until - min((begin for begin, _, _ in events), default=until)
    return {
        "busy_ms": round(total / 1e6, 2),
        "span_ms": round(span / 1e6, 2),
        "events": len(events),
        "kernels": {name[:90]: round(ns / 1e6, 2) for name, ns in top},
    }


def table(profile: cProfile.Profile, lines: int = 45) -> str:
    """Give a table of functions by the time in and below them, and by their own."""
    text = io.StringIO()
    for key in ("cumulative", "tottime"):
        pstats.Stats(profile, stream=text).sort_stats(key).print_stats(lines)
    return text.getvalue()
