"""The recorder's outbox in the words of the publisher, with a way past a disk that fails."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from omnicam import payloads
from omnicam.decide.decider import Decision
from omnicam.decide.events import Event
from omnicam.publish.publisher import OutboxMessage
from omnicam.record.recorder import Recorder

MOST_IN_MEMORY = 1000


@dataclass(frozen=True, slots=True)
class _Unstored:
    key: int
    decision: Decision


class RecordOutbox:
    """Messages from the record, and after them those that the disk would not take."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._unstored: deque[_Unstored] = deque(maxlen=MOST_IN_MEMORY)
        self._next_key = -1

    def keep(self, decision: Decision) -> None:
        """Keep in memory what could not be recorded, so that it is published all the same."""
        self._unstored.append(_Unstored(self._next_key, decision))
        self._next_key -= 1

    async def undelivered(self, limit: int) -> Iterable[OutboxMessage]:
        """Give the oldest messages that the broker has not acknowledged yet."""
        stored = await self._recorder.undelivered(limit)
        messages = [
            _message(entry.number, entry.decision, entry.snapshot, entry.clip) for entry in stored
        ]
        return messages or [_message(entry.key, entry.decision) for entry in self._unstored]

    async def mark_delivered(self, key: int) -> None:
        """Tick one off."""
        if key >= 0:
            await self._recorder.mark_delivered(key)
        else:
            self._unstored = deque(
                (entry for entry in self._unstored if entry.key != key), MOST_IN_MEMORY
            )


def _message(
    key: int, decision: Decision, snapshot: str | None = None, clip: str | None = None
) -> OutboxMessage:
    if isinstance(decision, Event):
        topic, payload = "event", payloads.event(decision, snapshot=snapshot, clip=clip)
    else:
        topic, payload = "help", payloads.help_call(decision)
    text = json.dumps(payload, ensure_ascii=False)
    return OutboxMessage(key=key, topic=f"{decision.camera}/{topic}", payload=text.encode())
