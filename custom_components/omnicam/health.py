"""What a node says of itself in `GET /api/health`, as far as a person must act on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .payload import Fields, Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHealth:
    """How a node fares.

    Attributes:
        record_problems: what is wrong with the node's record, in its words; empty if nothing is.
        model_state: how its model fares, such as `answered` or `refused`; None without a model.
        model_reason: the same in the node's words, with what to do.
    """

    record_problems: tuple[str, ...] = ()
    model_state: str | None = None
    model_reason: str | None = None


def parse_health(payload: Mapping[str, Any]) -> tuple[NodeHealth, list[Flaw]]:
    """Read a node's health; what cannot be read counts as no problem and is reported."""
    fields = Fields(payload)
    problems = payload.get("record_problems", [])
    if not isinstance(problems, list):
        fields.complain("record_problems", problems, "send a list of texts")
        problems = []
    model = payload.get("model") or {}
    if not isinstance(model, Mapping):
        fields.complain("model", model, "send an object or null")
        model = {}
    of_model = Fields(model, prefix="model.")
    health = NodeHealth(
        record_problems=tuple(text[:300] for text in problems if isinstance(text, str) and text),
        model_state=of_model.text("state"),
        model_reason=of_model.text("reason"),
    )
    return health, fields.flaws + of_model.flaws
