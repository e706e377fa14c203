"""Which network hears which recording, and what is done to a recording before."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from hearing.clips import Clip
from hearing.held_out import HeldOut, as_it_is, changed, far_away, through_telephone

from omnicam.detect.sound.network import SHIPPED
from omnicam.media import AudioChunk
from train.sound.clips import FOLDS, fold_file, fold_of

MANIFEST = """path,label,group,licence,has_audio,source_repo,note
esc10/a.wav,rooster,cock-1,CC BY 3.0,1,x,
esc10/b.wav,rooster,cock-2,CC BY-NC 3.0,1,x,
other/c.wav,scream,person-1,CC0,1,x,
"""


def test_a_recording_that_was_learned_from_is_heard_by_the_network_without_its_fold(tmp_path):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(MANIFEST)
    with pytest.raises(FileNotFoundError, match="--folds"):
        HeldOut(tmp_path, manifest)
    for fold in range(FOLDS):
        shutil.copy(SHIPPED, fold_file(tmp_path / SHIPPED.name, fold))
    held_out = HeldOut(tmp_path, manifest)

    def network(path, group):
        return held_out.network(Clip(path=path, label="", group=group))

    shipped = network("other/c.wav", "person-1")  # not of the folders that are learned from
    assert network("esc10/b.wav", "cock-2") is shipped  # nor of a licence that allows it
    assert network("esc10/a.wav", "cock-1") is held_out._networks[fold_of("cock-1")]
    assert network("esc10/a.wav", "cock-1") is not shipped


def test_a_changed_recording_has_the_same_pieces_at_the_same_times():
    random = np.random.default_rng(1)
    sound = [
        AudioChunk(
            camera="recording",
            time=start / 16000,
            samples=random.uniform(-0.8, 0.8, size).astype(np.float32),
        )
        for start, size in ((0, 1600), (1600, 999), (2599, 4001))
    ]
    clip = Clip(path="a/b.wav", label="rain", group="g")
    for change in (as_it_is, far_away):
        once, twice = changed(clip, sound, change), changed(clip, sound, change)
        assert [(each.time, len(each.samples)) for each in once] == [
            (each.time, len(each.samples)) for each in sound
        ]
        for one, two in zip(once, twice, strict=True):
            np.testing.assert_array_equal(one.samples, two.samples)
            assert one.samples.dtype == np.float32


@pytest.mark.skipif(find_spec("scipy") is None, reason="scipy is no part of the environment")
def test_a_telephone_takes_what_lies_above_4_khz_and_leaves_what_lies_below():
    at = np.arange(16000) / 16000
    low, high = (np.sin(2 * np.pi * hz * at).astype(np.float32) * 0.5 for hz in (1000, 6000))

    def level(samples):
        return float(np.sqrt(np.mean(samples[2000:-2000] ** 2)))

    assert level(through_telephone(low, 0)) == pytest.approx(level(low), rel=0.1)
    assert level(through_telephone(high, 0)) < 0.05 * level(high)


def test_far_away_is_20_db_quieter_than_near_by_and_not_silent():
    at = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * 500 * at).astype(np.float32)
    far = far_away(0.01 * tone, 3)
    assert np.abs(far).max() == pytest.approx(0.05, rel=0.1)  # whatever the gain of the recording
    assert 5e-4 < far_away(np.zeros(16000, np.float32), 3).std() < 2e-3
