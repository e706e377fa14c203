"""What the user is told when compressing cannot go on."""

from __future__ import annotations


class CompressError(Exception):
    """Compressing stops; the message says why and what helps. The source is as it was."""
