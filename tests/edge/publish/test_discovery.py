"""What Home Assistant is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnicam import payloads
from omnicam.config.load import parse
from omnicam.publish import discovery, topics
from omnicam.taxonomy import AnomalyClass
from omnicam.verify.outcomes import STATES


@pytest.mark.parametrize(("language", "name"), [("en", "Fall"), ("zh-Hans", "跌倒")])
def test_every_class_has_a_sensor_with_a_unique_id(language: str, name: str) -> None:
    settings = parse(
        {
            "node": "home",
            "language": language,
            "cameras": {"hall": {"url": "rtsp://u:secret@h/"}},
        },
        base=Path("/"),
    )
    offer = discovery.payload(settings, settings.cameras[0])
    components = offer["cmps"]
    assert {anomaly.value for anomaly in AnomalyClass} <= set(components)
    assert components["fall"]["name"] == name
    assert components["fall"]["default_entity_id"] == "binary_sensor.hall_fall"
    ids = [component["unique_id"] for component in components.values()]
    assert len(set(ids)) == len(ids)
    # What is a number to be charted is none to be looked at every day.
    assert {key for key, row in components.items() if row.get("enabled_by_default") is False} == {
        *("frame_rate", "latency", "dropped_frames")
    }
    # Privacy must be possible, and end, also where the camera is away.
    for key in ("privacy", "enabled", "sensitivity"):
        assert components[key]["availability"] == [{"topic": "omnicam/home/status"}]
    assert components["privacy"]["command_topic"] == "omnicam/home/hall/enabled/set"
    assert (components["privacy"]["payload_on"], components["privacy"]["payload_off"]) == (
        *("OFF", "ON"),
    )
    # Nothing can judge this without a model: that is unavailable, not off.
    (*_, told) = components["dangerous_tool"]["availability"]
    assert told["topic"] == "omnicam/home/hall/dangerous_tool"
    assert "secret" not in str(offer)


@pytest.mark.parametrize(("language", "name"), [("en", "Model"), ("zh-Hans", "模型")])
def test_a_node_with_a_model_has_a_sensor_of_its_state(language: str, name: str) -> None:
    raw = {"node": "home", "language": language, "cameras": {"hall": {"url": "rtsp://h/"}}}
    without = parse(raw, base=Path("/"))
    offer = discovery.node_payload(without)["cmps"]
    assert offer["language"]["options"] == ["en", "zh-Hans"]
    # Only the platform: that is how a component is taken away again.
    assert {key for key, row in offer.items() if row == {"p": "sensor"}} == {
        *("model", "queue", "dropped_windows", "answer_time")
    }
    assert payloads.info(without, {}, "")["unknown"] == ["dangerous_tool"]
    model = {"url": "http://h/v1", "name": "omni", "token": "secret"}
    settings = parse(raw | {"model": model}, base=Path("/"))
    offer = discovery.node_payload(settings)
    assert all("unique_id" in row for row in offer["cmps"].values())
    sensor = offer["cmps"]["model"]
    assert (sensor["name"], sensor["entity_category"]) == (name, "diagnostic")
    assert sensor["state_topic"] == topics.model("home")
    assert set(sensor["options"]) == {"unknown", *STATES}
    assert "secret" not in str(offer)
    assert discovery.node_topic(settings) != discovery.topic(settings, settings.cameras[0])
    assert payloads.info(settings, {}, "")["unknown"] == []
