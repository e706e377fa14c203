"""What a checkpoint answers, computed a layer at a time: the published one or a compressed one.

This is what the compressor believes of its result: weights are unpacked, and all is computed in
float32. transformers and vLLM, which load the same files, must give the same answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from inference_server import verdicts
from inference_server.compress.capture import Encoders, thinker_config
from inference_server.compress.decoder import head, load_layer
from inference_server.compress.errors import CompressError
from inference_server.compress.sequences import Sequences
from inference_server.compress.weights import Weights
from inference_server.compress.window import Window


@dataclass(frozen=True)
class Answers:
    """What a model answers to questions about windows.

    Attributes:
        log_probabilities: float32 [windows, questions, vocabulary] of the first word.
        odds: float32 [windows, questions], the logarithm of the odds of yes to no.
    """

    log_probabilities: torch.Tensor
    odds: torch.Tensor

    @property
    def yes(self) -> torch.Tensor:
        """Probability of yes, [windows, questions]."""
        return self.odds.sigmoid()


@torch.inference_mode()
def answers(
    folder: Path,
    windows: Sequence[Window],
    questions: Sequence[str] = tuple(verdicts.QUESTIONS.values()),
    say: Callable[[str], None] = lambda _: None,
) -> Answers:
    """Ask a checkpoint; a layer at a time is in memory.

    Raises:
        CompressError: it has no configuration, as one that was not finished.
    """
    made = _forward(folder, windows, questions, say)
    ends = [token for span in made.sequences.spans for token in span.answers]
    return made.answers(made.head(made.hidden[ends]).log_softmax(dim=-1), len(questions))


@torch.inference_mode()
def everywhere(folder: Path, windows: Sequence[Window]) -> tuple[torch.Tensor, Answers]:
    """Log-probabilities of the next word after every token, and the answers, for small models.

    Float32 [tokens, vocabulary], of windows with all nine questions.
    """
    made = _forward(folder, windows, tuple(verdicts.QUESTIONS.values()), lambda _: None)
    scores = made.head(made.hidden).log_softmax(dim=-1)
    ends = [token for span in made.sequences.spans for token in span.answers]
    return scores, made.answers(scores[ends], len(verdicts.QUESTIONS))


@dataclass(frozen=True)
class _Forward:
    """What has passed all layers, and how to read it."""

    sequences: Sequences
    hidden: torch.Tensor
    head: Callable[[torch.Tensor], torch.Tensor]
    yes: list[int]
    no: list[int]

    def answers(self, scores: torch.Tensor, questions: int) -> Answers:
        """Answers from the log-probabilities at the end of each question."""
        scores = scores.view(-1, questions, scores.shape[-1])
        odds = scores[..., self.yes].logsumexp(-1) - scores[..., self.no].logsumexp(-1)
        return Answers(scores, odds)


def _forward(
    folder: Path, windows: Sequence[Window], questions: Sequence[str], say: Callable[[str], None]
) -> _Forward:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise CompressError(f"{folder} holds no finished model: {error}") from None
    made = thinker_config(config)
    layers = made.text_config.num_hidden_layers
    with Weights(folder, sorted(path.name for path in folder.glob("*.safetensors"))) as weights:
        encoders = Encoders(weights, config, folder)
        sequences, hidden = encoders.sequences(windows, questions)
        yes, no = ([encoders.word(word) for word in words] for words in (verdicts.YES, verdicts.NO))
        del encoders
        for number in range(layers):
            layer = load_layer(weights, made, number, keep=torch.bfloat16)
            hidden = layer.forward(hidden, sequences)
            weights.close()
            say(f"{folder.name}: layer {number + 1} of {layers}")
        norm, table = (weights[f"thinker.{name}.weight"] for name in ("model.norm", "lm_head"))
    eps = made.text_config.rms_norm_eps
    return _Forward(sequences, hidden, lambda at: head(norm, table, eps, at), yes, no)
