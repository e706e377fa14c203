"""The command on tiny media: the same bytes every time, and nothing left out in silence."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from omnicam.cli import main
from tests.edge.capture.capture_scenes import Scene
from tests.edge.evaluate.evaluate_scenes import write_sound

pytestmark = pytest.mark.timeout(180)

MODEL = Path(__file__).resolve().parents[3] / ".cache/models/pose_landmarker_lite.task"

ROWS = (
    "films/pattern.mp4,adl,2.0",
    "sounds/short.wav,rain,0.3",
    "sounds/tone.wav,scream,1.1",
    "stills/one.jpg,no_fire,",
    "sounds/what.wav,flurb,1.0",
    "sounds/gone.wav,scream,1.0",
    "sounds/broken.wav,scream,1.0",
    "sounds/<b>&amp;.wav,rain,0.5",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for name in ("films", "sounds", "stills"):
        (folder / name).mkdir()
    Scene(seconds=2.0, audio=None).write(folder / "films" / "pattern.mp4")
    Scene(seconds=0.04, audio=None, video="mjpeg").write(folder / "stills" / "one.jpg")
    write_sound(folder / "sounds" / "short.wav", 0.3)
    write_sound(folder / "sounds" / "tone.wav", 1.1, hertz=1500.0)
    write_sound(folder / "sounds" / "what.wav", 1.0)
    write_sound(folder / "sounds" / "<b>&amp;.wav", 0.5)
    (folder / "sounds" / "broken.wav").write_bytes(b"RIFF but nothing else")
    return folder


def evaluate(root, folder, rows, *arguments):
    if not MODEL.is_file():
        pytest.skip("needs the pose model (run the set-up)")
    manifest = folder / "manifest.csv"
    manifest.write_text("path,label,duration\n" + "\n".join(rows) + "\n", encoding="utf-8")
    out = folder / "out.json"
    code = main(
        [
            *("eval", str(manifest), "--root", str(root), "--json", str(out)),
            *("--model", str(MODEL), *arguments),
        ]
    )
    return code, out.read_bytes() if out.exists() else b""


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    report, timing = folder / "report", folder / "timing.json"
    code, written = evaluate(
        root, folder, ROWS, "--jobs", "2", "--report", str(report), "--timing", str(timing)
    )
    return (
        code,
        written,
        (report / "index.html").read_text("utf-8"),
        json.loads(timing.read_bytes()),
    )


def test_the_same_bytes_whatever_the_order_and_the_number_of_jobs(root, run, tmp_path):
    code, again = evaluate(root, tmp_path, tuple(reversed(ROWS)), "--jobs", "1")
    assert (code, again) == run[:2]


def test_the_results_have_the_form_that_is_promised(run):
    results = json.loads(run[1])
    assert [each["path"] for each in results["files"]] == sorted(row.split(",")[0] for row in ROWS)
    for each in results["files"]:
        assert {"path", "label", "seconds", "error", "events", "peaks"} <= each.keys()
        for event in each["events"]:
            assert event.keys() == {
                *("class", "time_s", "confidence", "level", "label", "alarm_time_s")
            }
    seconds = {each["path"]: each["seconds"] for each in results["files"]}
    assert seconds["sounds/short.wav"] == pytest.approx(0.3, abs=1e-3)
    assert seconds["films/pattern.mp4"] == pytest.approx(2.0, abs=0.2)
    assert 4.5 < seconds["stills/one.jpg"] <= 5.0
    assert seconds["sounds/gone.wav"] == 0.0


def test_nothing_is_left_out_in_silence(run):
    code, written, *_ = run
    assert code == 1
    results = json.loads(written)
    errors = {each["path"]: each["error"] for each in results["files"] if each["error"]}
    assert errors.keys() == {"sounds/gone.wav", "sounds/broken.wav"}
    assert errors["sounds/gone.wav"] == "There is no file sounds/gone.wav."
    assert "sounds/broken.wav" in errors["sounds/broken.wav"]
    problems = results["summary"]["problems"]
    assert problems["unknown_labels"] == [{"label": "flurb", "files": 1}]
    screams = [
        each["expected"]
        for each in results["summary"]["found"]
        if each["target"] == "abnormal_sound/scream" and each["folder"] == "all"
    ]
    assert (screams[0]["any"]["of"], screams[0]["failed"]) == (3, 2)


def test_the_results_do_not_tell_where_the_recordings_lie(run, root):
    assert str(root) not in run[1].decode()


def test_what_it_cost_stands_apart(run):
    assert b"cpu_s" not in run[1]
    assert {each["path"] for each in run[3]["files"]} == {row.split(",")[0] for row in ROWS}
    assert all(each["cpu_s"] >= 0.0 for each in run[3]["files"])


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.addresses, self.depth = [], [], 0

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]


def test_the_page_needs_nothing_else_and_escapes_what_it_is_told(run):
    page = _Page()
    page.feed(run[2])
    assert {"table", "svg", "img"} <= set(page.tags)
    assert page.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert "b" not in page.tags
    assert not re.search(r"https?://|@import|url\(", run[2])
    assert "prefers-color-scheme: dark" in run[2]


def test_all_good_is_0(root, tmp_path):
    code, written = evaluate(
        root, tmp_path, ("sounds/short.wav,rain,",), "--class", "abnormal_sound", "--jobs", "1"
    )
    assert code == 0
    results = json.loads(written)
    assert results["classes"] == ["abnormal_sound"]
    assert {each["target"].partition("/")[0] for each in results["summary"]["false_alarms"]} == {
        *("abnormal_sound", "help_word", "all")
    }


def test_wrong_use_is_2_and_says_why(root, tmp_path, capsys):
    assert evaluate(root, tmp_path, ())[0] == 2
    assert "no recording" in capsys.readouterr().err
    assert evaluate(tmp_path / "nowhere", tmp_path, ROWS)[0] == 2
    assert "nowhere" in capsys.readouterr().err
