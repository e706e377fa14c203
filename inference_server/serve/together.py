"""Requests that belong together reach vLLM's scheduler together.

A window's questions share all but their last tokens. vLLM shares a prefix among requests that it
schedules in one step; but it begins a step with the first request that it has, and the others
would wait for that step and take one more. Their ids say how many they are (`name`); the engine
holds them back until all are there. Not for prompts that come singly.
"""

from __future__ import annotations

import functools
import re
from collections import OrderedDict
from typing import Any

MOST_WAITING = 256
"""Groups that wait for the rest; beyond it the oldest goes on as it is."""

_ATTRIBUTE = "omnicam"
_NAME = re.compile(r"verdict-([0-9a-f]{32})-of-(\d+)-")


def name(group: str, number: int, count: int) -> str:
    """Give the id of one request of a group.

    Args:
        group: 32 hexadecimal digits.
        number: of this one.
        count: of all.
    """
    return f"verdict-{group}-of-{count}-{number}"


class Gate:
    """Holds requests back until their group is whole; one for each engine."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[tuple[Any, ...]]] = OrderedDict()

    def take(self, request: Any, *more: Any) -> list[tuple[Any, ...]]:
        """Give what may go on now, in the order in which it came."""
        known = _NAME.match(request.request_id)
        if known is None:
            return [(request, *more)]
        group, count = known[1], int(known[2])
        waiting = self._waiting.setdefault(group, [])
        waiting.append((request, *more))
        if len(waiting) >= count:
            return self._waiting.pop(group)
        if len(self._waiting) > MOST_WAITING:
            return self._waiting.popitem(last=False)[1]
        return []

    def drop(self, ids: set[str]) -> None:
        """Forget requests that their sender has given up, and let nobody wait for them."""
        for group, waiting in list(self._waiting.items()):
            left = [each for each in waiting if each[0].request_id not in ids]
            if len(left) < len(waiting):
                # The sender gives up a whole window; what is left of it has no use.
                del self._waiting[group]


def install() -> None:
    """Put the gate in front of the engine's scheduler; called by vLLM's plug-in."""
    from vllm.v1.engine.core import EngineCoreProc

    if hasattr(EngineCoreProc, "omnicam_gate"):
        return
    add, abort = EngineCoreProc.add_request, EngineCoreProc.abort_requests

    def gate(self: Any) -> Gate:
        made = self.__dict__.get(_ATTRIBUTE)
        if made is None:
            made = self.__dict__[_ATTRIBUTE] = Gate()
        return made  # type: ignore[no-any-return]

    @functools.wraps(add)
    def add_request(self: Any, request: Any, *more: Any) -> None:
        for each in gate(self).take(request, *more):
            add(self, *each)

    @functools.wraps(abort)
    def abort_requests(self: Any, request_ids: Any) -> Any:
        gate(self).drop(set(request_ids))
        return abort(self, request_ids)

    EngineCoreProc.add_request = add_request
    EngineCoreProc.abort_requests = abort_requests
    EngineCoreProc.omnicam_gate = True
