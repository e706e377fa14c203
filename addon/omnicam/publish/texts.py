"""Names of the entities of the MQTT discovery, in the node's languages.

Those of the classes stand in the taxonomy.
"""

from __future__ import annotations

from collections.abc import Mapping

from omnicam.config.model import Language

TEXTS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "help_called": "Help called",
        "anomaly": "Anomaly",
        "last_event": "Last event",
        "privacy": "Privacy",
        "detection": "Detection",
        "sensitivity": "Sensitivity",
        "test_alarm": "Test alarm",
        "level": "Level",
        "description": "Description",
        "frame_rate": "Frame rate",
        "latency": "Latency",
        "dropped_frames": "Dropped frames",
        "language": "Language",
        "model": "Model",
        "queue": "Queue",
        "dropped_windows": "Dropped windows",
        "answer_time": "Answer time",
    },
    Language.CHINESE: {
        "help_called": "呼救",
        "anomaly": "异常事件",
        "last_event": "最近事件",
        "privacy": "隐私模式",
        "detection": "检测",
        "sensitivity": "灵敏度",
        "test_alarm": "测试警报",
        "level": "级别",
        "description": "描述",
        "frame_rate": "帧率",
        "latency": "延迟",
        "dropped_frames": "丢弃的画面",
        "language": "语言",
        "model": "模型",
        "queue": "排队的片段",
        "dropped_windows": "丢弃的片段",
        "answer_time": "应答时间",
    },
}
