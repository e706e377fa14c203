"""CUDA graphs of a function of one tensor, by shape: recorded when a shape comes again."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

_LOGGER = logging.getLogger("vllm.omnicam")

MOST_GRAPHS = 24
"""Each holds the memory of its activations; the least recently used goes first."""

SEEN_FROM = 2
"""Times that a shape must come before it is recorded: odd ones are not worth it."""


_MOST_SEEN = 1000

Compute = Callable[[Any], Any]


@dataclass(frozen=True)
class _Recorded:
    """A graph with what it reads and writes.

    `compute` holds all other tensors that it reads: a graph remembers addresses and keeps nothing.
    """

    graph: Any
    given: Any
    made: Any
    compute: Compute


class Graphs:
    """Runs a function on the GPU, by replaying what was recorded where the shape is known."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self.replayed = 0
        self._pool: Any = None
        self._recorded: OrderedDict[Hashable, _Recorded] = OrderedDict()
        self._seen: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return len(self._recorded)

    def run(self, key: Hashable, given: Any, prepare: Callable[[], Compute]) -> Any:
        """Give `prepare()(given)`; the result is the caller's own.

        Args:
            key: of the shape; the same key computes the same.
            given: the one tensor that differs from call to call.
            prepare: makes what computes; not called where the shape was recorded.
        """
        if not self.enabled or not given.is_cuda:
            return prepare()(given)
        known = self._recorded.get(key)
        if known is None:
            compute = prepare()
            if len(self._seen) > _MOST_SEEN:
                self._seen.clear()
            self._seen[key] += 1
            if self._seen[key] < SEEN_FROM:
                return compute(given)
            known = self._record(key, given, compute)
            if known is None:
                return compute(given)
        self._recorded.move_to_end(key)
        known.given.copy_(given)
        known.graph.replay()
        self.replayed += 1
        return known.made.clone()

    def _record(self, key: Hashable, given: Any, compute: Compute) -> _Recorded | None:
        import torch

        while len(self._recorded) >= MOST_GRAPHS:
            self._recorded.popitem(last=False)
        del self._seen[key]
        held = given.clone()
        graph = torch.cuda.CUDAGraph()
        if self._pool is None:
            # All graphs lay their interim results in the same memory: they run one after the other.
            self._pool = torch.cuda.graph_pool_handle()
        try:
            # Other threads of the process go on using the GPU meanwhile.
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                made = compute(held)
        except RuntimeError as error:
            self.enabled = False
            _LOGGER.warning("encoders run without CUDA graphs: %s", error)
            return None
        recorded = _Recorded(graph, held, made, compute)
        self._recorded[key] = recorded
        return recorded
