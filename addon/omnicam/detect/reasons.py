"""What the scorers say, in the household's language.

Scorers give their reasons in English, with figures. Chinese readers get the gist of each: one
sentence a scorer, without the figures, which the record keeps as confidences and contributions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from omnicam.config.model import Language
from omnicam.evidence import Evidence, Finding

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "climbing": "有人翻越围栏或围墙",
        "intrusion": "有人进入禁区或越过警戒线",
        "loitering": "夜间有人长时间徘徊",
        "fall": "有人突然倒下并躺着",
        "fallen": "有人躺在地上，一直没有动",
        "violence": "几个人之间有剧烈的肢体动作",
        "smoke": "有烟雾升起并扩散",
        "flames": "有火焰在闪烁",
        "scream": "听到响亮、持续的尖叫",
        "glass_breaking": "听到玻璃破碎的声音",
        "cough": "听到咳嗽声",
        "crying": "听到哭声",
        "smoke_alarm": "听到烟雾报警器的鸣响",
        "call_for_help": "听到呼救声",
        "yamnet": "声音识别模型 YAMNet 听到异常声响",
        "covered": "镜头被遮挡，看不到平时的画面",
        "defocused": "画面失焦，细节消失",
        "moved": "摄像头被移动，视角改变",
        "frozen": "画面静止不变，可能已冻结",
        "signal": "摄像头没有信号",
    }
)


def in_language(finding: Finding, language: Language) -> Finding:
    """Give a finding whose reason is in this language; heard words have none."""
    if language is not Language.CHINESE or not isinstance(finding, Evidence):
        return finding
    return replace(finding, why=CHINESE.get(finding.scorer, finding.why))
