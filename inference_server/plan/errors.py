"""What keeps a plan from being made."""

from __future__ import annotations


class PlanError(ValueError):
    """A recipe or a load that this model cannot have: the message says what to do instead."""
