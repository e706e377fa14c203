"""What keeps the model from being served."""

from __future__ import annotations


class ServeError(Exception):
    """The model is not served; the message says why and what helps."""
