"""What the integration says aloud, in the household's language.

Home Assistant has translations for what is shown, none for what an integration speaks.
"""

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final[Mapping[str, str]] = {
    "check_in": "The camera {camera} saw a fall. Are you all right?",
    "check_in_again": "I did not understand. Do you need help? Say yes I am fine, or help.",
    "help": "I am calling for help.",
    "no_camera": "No camera of OmniCam is set up, so I cannot do that.",
    "no_such_camera": "I know no camera or room called {room}.",
    "nothing": "Nothing was noticed today: {where}.",
    "happened": "Today, {where}: {events}.",
    "everywhere": "all cameras",
    "more": "and {count} more",
    "at": "{what} at {time} ({camera})",
    "open": "There is an alarm now: {events}. Please look.",
    "calm": "No camera raises an alarm now. {last} A camera cannot see everything.",
    "last": "The last event today was {event}.",
    "no_last": "Nothing was noticed today.",
    "away": "I cannot tell: {cameras} cannot be reached now.",
    "no_node": "I cannot tell: the node does not answer.",
    "unanswered": "The camera gave no answer: {error}",
}
_CHINESE: Final[Mapping[str, str]] = {
    "check_in": "{camera}的摄像头看到有人跌倒。您没事吧？",
    "check_in_again": "我没听懂。您需要帮助吗？请说“我没事”或者“救命”。",
    "help": "我正在为您呼叫帮助。",
    "no_camera": "还没有设置 OmniCam 摄像头,我做不到。",
    "no_such_camera": "我不知道叫“{room}”的摄像头或房间。",
    "nothing": "今天没有发现异常:{where}。",
    "happened": "今天,{where}:{events}。",
    "everywhere": "所有摄像头",
    "more": "另外还有 {count} 起",
    "at": "{time} {what}({camera})",
    "open": "现在有警报:{events}。请查看。",
    "calm": "现在没有摄像头报警。{last}摄像头不能看到一切。",
    "last": "今天最近一次事件是{event}。",
    "no_last": "今天没有发现异常。",
    "away": "我无法判断:{cameras}现在无法连接。",
    "no_node": "我无法判断:节点没有回应。",
    "unanswered": "摄像头没有给出回答:{error}",
}


def speaks_chinese(language: str) -> bool:
    """Whether a language tag is one of Chinese."""
    return language.lower().partition("-")[0] == "zh"


def speech(language: str, key: str, **placeholders: object) -> str:
    """Give a sentence in Chinese for `zh…`, else in English."""
    texts = _CHINESE if speaks_chinese(language) else _ENGLISH
    return texts[key].format(**placeholders)
