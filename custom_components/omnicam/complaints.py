"""Warnings about malformed messages, each given once."""

from collections.abc import Iterable

from .const import LOGGER
from .payload import Flaw


class Complaints:
    """Warns once for each topic and field, so that a faulty node does not flood the log."""

    def __init__(self) -> None:
        """Begin with no warning given."""
        self._given: set[tuple[str, str]] = set()

    def report(self, topic: str, flaws: Iterable[Flaw]) -> None:
        """Warn of the flaws of a message that have not been warned of."""
        for flaw in flaws:
            if (topic, flaw.field) not in self._given:
                self._given.add((topic, flaw.field))
                LOGGER.warning("Malformed message on %s: %s", topic, flaw)
