"""How often the nine verdicts are right on labelled recordings, before and after compressing.

A recording counts as saying yes to a class if any of its windows does. The labels are those of the
edge node's own evaluation: a class, one of the words below, or anything else for "none of the
nine". Both models answer the same windows, one layer at a time in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch

from inference_server import verdicts
from inference_server.compress.errors import CompressError
from inference_server.compress.recordings import first_windows, listed
from inference_server.compress.simulate import answers

# What manifests call what the model is asked about.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "climbing": "perimeter_climbing",
        "intrusion": "restricted_area_intrusion",
        "loitering": "night_loitering",
        "fight": "violent_conflict",
        "knife": "dangerous_tool",
        "fire": "smoke",
        "scream": "abnormal_sound",
        "glass_breaking": "abnormal_sound",
        "glass_breaking_in_noise": "abnormal_sound",
        "tampering": "camera_tampering",
    }
)
WINDOWS = 4


@dataclass(frozen=True)
class Verdicts:
    """What one model said.

    Attributes:
        name: of the model.
        yes: float32 [recordings, classes], the highest probability of yes in a recording.
    """

    name: str
    yes: torch.Tensor


@dataclass(frozen=True)
class Evaluation:
    """Verdicts of the original and of the compressed model.

    Attributes:
        truth: bool [recordings, classes].
        models: of both, the original first.
    """

    truth: torch.Tensor
    models: tuple[Verdicts, ...]

    def accuracy(self, model: Verdicts) -> float:
        """Share of right verdicts, all classes and recordings alike."""
        return float(((model.yes > 0.5) == self.truth).float().mean())

    @property
    def agreement(self) -> float:
        """Share of verdicts that both models give alike."""
        first, second = (model.yes > 0.5 for model in self.models)
        return float((first == second).float().mean())

    def table(self) -> str:
        """Counts by class, in lines."""
        lines = [f"{len(self.truth)} recordings, a verdict is yes above 0.5"]
        lines.append(f"{'class':<28}" + "".join(f"{each.name:>24}" for each in self.models))
        lines.append(f"{'':<28}" + f"{'found':>12}{'false':>12}" * len(self.models))
        for index, name in enumerate(verdicts.QUESTIONS):
            row = f"{name:<28}"
            true = self.truth[:, index]
            for model in self.models:
                said = model.yes[:, index] > 0.5
                found, false = int((said & true).sum()), int((said & ~true).sum())
                row += f"{f'{found}/{int(true.sum())}':>12}{f'{false}/{int((~true).sum())}':>12}"
            lines.append(row)
        right = "".join(f"{self.accuracy(model):>24.4f}" for model in self.models)
        lines += [f"{'right, of all verdicts':<28}{right}"]
        return "\n".join([*lines, f"verdicts that both give alike: {self.agreement:.4f}"])


def evaluate(
    source: Path, target: Path, manifest: Path, say: Callable[[str], None] = lambda _: None
) -> Evaluation:
    """Ask both models about a manifest's recordings.

    Raises:
        CompressError: the manifest or a recording cannot be read, or a model is not finished.
    """
    recordings = listed(manifest)
    pairs = first_windows(recordings, WINDOWS)
    if not pairs:
        raise CompressError(f"{manifest}: there is no window in its recordings")
    places = {recording: index for index, recording in enumerate(recordings)}
    rows = torch.tensor([places[recording] for recording, _ in pairs])
    classes = list(verdicts.QUESTIONS)
    truth = torch.tensor(
        [[LABELS.get(each.label, each.label) == name for name in classes] for each in recordings]
    )
    models = []
    for name, folder in (("before", source), ("after", target)):
        yes = answers(folder, [window for _, window in pairs], say=say).yes
        highest = torch.zeros(len(recordings), len(classes)).scatter_reduce(
            0, rows[:, None].expand_as(yes), yes, "amax"
        )
        models.append(Verdicts(name, highest))
    return Evaluation(truth, tuple(models))
