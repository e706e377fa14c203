"""From a chat completion to log-odds: token log-probabilities, never a decoded number.

    z = logsumexp(log-probabilities of Yes variants) - logsumexp(those of No variants)

over the most probable first tokens. Where only one side is among them, the other is taken to be as
likely as the least of them, or as all that is not listed: whichever is less. The truth lies
further out, so this errs towards not knowing.
Decoded scores compress ranks; yes/no tokens do not (arXiv 2604.02543).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from omnicam.verify.outcomes import AskError, Outcome

YES = frozenset({"yes", "y", "是", "是的", "有"})
NO = frozenset({"no", "n", "否", "不", "不是", "没有", "没"})

LEAST_SHARE = 1e-3
"""Yes and No together must have this share of the probability: else it answers something else."""

MOST_Z = 50.0

MOST_SENTENCE = 300
_LEAST_LOGPROB = -100.0
_BARE = re.compile(r"[\s▁Ġ\"'“”‘’.,:;!。，：；！*`]+")  # also how tokenisers write a space


def log_odds(body: Any) -> float:
    """Give z of a chat completion of one token with `top_logprobs`; within ±50.

    Raises:
        AskError: it holds no log-probabilities, or neither yes nor no is among them.
    """
    tops = list(_tops(body))
    yes = _sum(value for token, value in tops if _plain(token) in YES)
    no = _sum(value for token, value in tops if _plain(token) in NO)
    share = _sum((yes, no))
    if share < math.log(LEAST_SHARE):
        seen = ", ".join(repr(token[:12]) for token, _ in tops[:5])
        raise AskError(Outcome.NONSENSE, f"neither yes nor no among the first tokens: {seen}")
    left = max(1.0 - math.exp(_sum(value for _, value in tops)), 1e-9)
    missing = min(math.log(left), *(value for _, value in tops))
    z = (yes if yes > -math.inf else missing) - (no if no > -math.inf else missing)
    return min(max(z, -MOST_Z), MOST_Z)


def verdict(body: Any, names: Iterable[str]) -> dict[str, float]:
    """Give z of each question of an answer of OmniCam's own server; within ±50.

    Its z is that of `log_odds`, from the whole vocabulary; `share` is what Yes and No have
    together of the probability.

    Raises:
        AskError: one has none, or neither yes nor no is likely.
    """
    found = {}
    for name in names:
        try:
            z, share = (body[field][name] for field in ("log_odds", "share"))
        except (KeyError, TypeError):
            raise AskError(Outcome.NONSENSE, f"no log_odds and share of {name!r}") from None
        if not _number(z) or not _number(share) or not abs(z) <= MOST_Z:
            raise AskError(Outcome.NONSENSE, f"the log-odds of {name!r} are none")
        if not share >= LEAST_SHARE:
            raise AskError(Outcome.NONSENSE, f"neither yes nor no is likely for {name!r}")
        found[name] = float(z)
    return found


def sentence(body: Any) -> str:
    """Give the one sentence of a chat completion, cut to a bearable length.

    Raises:
        AskError: there is none.
    """
    try:
        text = body["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        text = None
    if not isinstance(text, str):
        raise AskError(Outcome.NONSENSE, "the answer holds no text")
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    words = " ".join(plain.split())
    if not words:
        raise AskError(Outcome.NONSENSE, "the answer's text is empty")
    return words if len(words) <= MOST_SENTENCE else words[: MOST_SENTENCE - 1] + "…"


def _tops(body: Any) -> Iterator[tuple[str, float]]:
    try:
        entries = body["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        pairs = [(entry["token"], entry["logprob"]) for entry in entries]
    except (KeyError, IndexError, TypeError):
        raise AskError(Outcome.NONSENSE, "the answer holds no top_logprobs") from None
    if not pairs:
        raise AskError(Outcome.NONSENSE, "top_logprobs is empty")
    for token, value in pairs:
        # Not NaN, and not above 0 by more than rounding.
        if not isinstance(token, str) or not _number(value) or not value <= 1e-3:
            raise AskError(Outcome.NONSENSE, "an entry of top_logprobs is no log-probability")
        # -9999 is how some servers write minus infinity; Python compares whole numbers of any size.
        yield token, float(max(value, _LEAST_LOGPROB))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(token: str) -> str:
    return _BARE.sub("", token).casefold()


def _sum(values: Iterable[float]) -> float:
    """Logarithm of a sum of exponentials; -inf of nothing."""
    found = [value for value in values if value > -math.inf]
    if not found:
        return -math.inf
    top = max(found)
    return top + math.log(math.fsum(math.exp(value - top) for value in found))
