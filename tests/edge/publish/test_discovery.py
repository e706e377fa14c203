"""What Home Assistant is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnicam.config.load import parse
from omnicam.publish import discovery
from omnicam.taxonomy import AnomalyClass


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
    assert "secret" not in str(offer)
