"""How an attempt to ask the model can end, and what follows from each end: one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from omnicam.config.model import Language


class Outcome(StrEnum):
    """How a request, or a window that was to be asked about, ended."""

    ANSWERED = "answered"
    REACHED = "reached"
    AWAY = "away"
    SLOW = "slow"
    REFUSED = "refused"
    UNTRUSTED = "untrusted"
    BUSY = "busy"
    FAILED = "failed"
    TOO_LARGE = "too_large"
    REJECTED = "rejected"
    OVERSIZE = "oversize"
    NONSENSE = "nonsense"
    DROPPED = "dropped"
    PAUSED = "paused"
    NO_WINDOW = "no_window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What an outcome means.

    Attributes:
        trips: whether it counts against the model in the circuit breaker.
        again: whether an urgent window is worth a second try.
        english: what happened and what to do, for the household.
        chinese: the same.
    """

    trips: bool = False
    again: bool = False
    english: str
    chinese: str


MEANINGS: Mapping[Outcome, Meaning] = MappingProxyType(
    {
        Outcome.ANSWERED: Meaning(english="the model answers", chinese="模型正常应答"),
        Outcome.REACHED: Meaning(
            english="the model's server is there, and was not asked yet",
            chinese="模型服务器已连通，尚未询问",
        ),
        Outcome.AWAY: Meaning(
            trips=True,
            again=True,
            english="the model is not reached: check model.url and that its server runs",
            chinese="无法连接模型：请检查 model.url 以及服务器是否在运行",
        ),
        Outcome.SLOW: Meaning(
            trips=True,
            english="the model gives no answer in time: its server is overloaded, or raise "
            "model.deadline_s",
            chinese="模型未能按时应答：服务器过载，或请提高 model.deadline_s",
        ),
        Outcome.REFUSED: Meaning(
            trips=True,
            english="the model's server refuses the token: correct model.token",
            chinese="模型服务器拒绝了令牌：请更正 model.token",
        ),
        Outcome.UNTRUSTED: Meaning(
            trips=True,
            english="the certificate of the model's server is not trusted: correct model.ca_file, "
            "model.fingerprint or model.url",
            chinese="模型服务器的证书不受信任：请更正 model.ca_file、model.fingerprint 或 "
            "model.url",
        ),
        Outcome.BUSY: Meaning(
            trips=True,
            again=True,
            english="the model's server has too much to do: lower model.windows_per_minute or "
            "give it more room",
            chinese="模型服务器过于繁忙：请降低 model.windows_per_minute 或扩容",
        ),
        Outcome.FAILED: Meaning(
            trips=True,
            again=True,
            english="the model's server has an error of its own: look into its log",
            chinese="模型服务器内部出错：请查看其日志",
        ),
        Outcome.TOO_LARGE: Meaning(
            trips=True,
            english="a window is larger than the model's server takes: lower model.pictures, or "
            "raise the server's limit",
            chinese="画面大小超出模型服务器的上限：请减小 model.pictures，或提高服务器的上限",
        ),
        Outcome.REJECTED: Meaning(
            trips=True,
            english="the model's server does not take the request: check model.url, model.name, "
            "and that the model takes pictures and sound",
            chinese="模型服务器不接受请求：请检查 model.url、model.name，"
            "以及模型是否支持图像和声音",
        ),
        Outcome.OVERSIZE: Meaning(
            trips=True,
            english="the answer is far too long: model.url leads to something else",
            chinese="应答过长：model.url 指向了别的服务",
        ),
        Outcome.NONSENSE: Meaning(
            trips=True,
            english="the answer says neither yes nor no with log-probabilities: serve an instruct "
            "model whose server gives top_logprobs",
            chinese="应答中没有“是”或“否”的对数概率：请使用指令模型，且服务器须返回 top_logprobs",
        ),
        Outcome.DROPPED: Meaning(
            english="more windows wait than the model can look at: the oldest were dropped",
            chinese="等待的画面超出模型的处理能力：已丢弃最旧的",
        ),
        Outcome.PAUSED: Meaning(
            english="the model failed several times and is left alone for a while",
            chinese="模型多次失败，暂停询问一段时间",
        ),
        Outcome.NO_WINDOW: Meaning(
            english="the camera had no pictures of that moment",
            chinese="摄像头没有该时刻的画面",
        ),
    }
)


STATES = (
    Outcome.REACHED,
    Outcome.ANSWERED,
    *(outcome for outcome, meaning in MEANINGS.items() if meaning.trips),
)
"""Outcomes that tell how the model fares; the others are about single windows."""


def explain(outcome: Outcome, language: Language) -> str:
    """Say in the household's language what an outcome means and what to do."""
    meaning = MEANINGS[outcome]
    return meaning.chinese if language is Language.CHINESE else meaning.english


class AskError(RuntimeError):
    """The model gave no usable answer; `outcome` says how, the message what was seen."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        self.outcome = outcome
        super().__init__(f"{outcome}: {detail}")
