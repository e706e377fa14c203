"""`python -m omnicam.app`: files in, a file out, with a real HTTP server as the Supervisor."""

import json
import stat
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import example, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from omnicam.app import __main__ as app
from omnicam.app import supervisor
from omnicam.app.files import write_private
from omnicam.config.load import load

TOKEN = "a-token-of-the-supervisor"
DATA = {"host": "core-mosquitto", "port": 1883, "username": "u", "password": "secret word"}


class Supervisor(ThreadingHTTPServer):
    """Answers as the real one does; `answers` are given in turn, the last one for ever."""

    def __init__(self):
        self.answers = [(200, {"result": "ok", "data": DATA})]
        self.asked = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Authorization"]))
        answers = self.server.answers
        code, body = answers.pop(0) if len(answers) > 1 else answers[0]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def running():
    server = Supervisor()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def home(tmp_path):
    (tmp_path / "config").mkdir()
    return tmp_path


def start(home, options, monkeypatch, server=None):
    (home / "options.json").write_text(json.dumps(options))
    monkeypatch.delenv("SUPERVISOR_TOKEN", raising=False)
    if server is not None:
        monkeypatch.setenv("SUPERVISOR_TOKEN", TOKEN)
        monkeypatch.setattr(
            app,
            "mqtt_service",
            lambda token: supervisor.mqtt_service(token, url=server.url, patience_s=0.1),
        )
    arguments = {
        "options": home / "options.json",
        "out": home / "run/node.yaml",
        "folder": home / "config",
        "data": home / "data",
        "token-copy": home / "config/api_token.txt",
    }
    return app.main([f"--{name}={value}" for name, value in arguments.items()])


CAMERA = {"id": "hall", "url": "rtsp://viewer:hunter2@192.168.1.20/1"}
OPTIONS = {"node": "home", "language": "en", "cameras": [CAMERA], "words": [], "mqtt": {}}


def test_the_file_that_it_writes_is_the_nodes(home, monkeypatch, running, capfd):
    assert start(home, OPTIONS, monkeypatch, running) == 0
    out = home / "run/node.yaml"
    settings = load(out)
    assert settings.mqtt.host == "core-mosquitto"
    assert settings.mqtt.password.reveal() == "secret word"
    assert settings.cameras[0].url.reveal() == CAMERA["url"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert running.asked == [("/services/mqtt", f"Bearer {TOKEN}")]
    assert capfd.readouterr() == ("", "")


def test_the_token_is_handed_to_the_user_and_stays_the_same(home, monkeypatch, running):
    copy = home / "config/api_token.txt"
    assert start(home, OPTIONS, monkeypatch, running) == 0
    first = copy.read_text()
    assert start(home, OPTIONS, monkeypatch, running) == 0
    assert copy.read_text() == first == (home / "data/api_token").read_text()
    assert len(first) > 40
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_broker_of_ones_own_is_not_asked_for(home, monkeypatch, running):
    assert start(home, OPTIONS | {"mqtt": {"host": "mine"}}, monkeypatch, running) == 0
    assert running.asked == []
    assert load(home / "run/node.yaml").mqtt.host == "mine"


def test_the_users_own_file(home, monkeypatch, running):
    (home / "config/own.yaml").write_text("cameras:\n  hall:\n    night: '21:00-07:00'\n")
    assert start(home, OPTIONS | {"config_file": "own.yaml"}, monkeypatch, running) == 0
    assert load(home / "run/node.yaml").cameras[0].night.start.hour == 21


def test_an_empty_file_of_the_user_says_nothing(home, monkeypatch, running):
    (home / "config/own.yaml").write_text("# nothing yet\n")
    assert start(home, OPTIONS | {"config_file": "own.yaml"}, monkeypatch, running) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config_file": "../options.json"}, "config_file = '../options.json': must lie in"),
        ({"config_file": "absent.yaml"}, "cannot be read"),
        ({"cameras": [CAMERA | {"transport": "pigeon"}]}, "must be one of: tcp, udp"),
        ({"node": "Not an id"}, "node = 'Not an id'"),
        ({"cameras": [{"id": "hall", "url": "ftp://viewer:hunter2@x/1"}]}, "cameras.hall.url"),
    ],
)
def test_what_is_wrong_is_said_without_secrets(home, monkeypatch, running, capfd, change, message):
    assert start(home, OPTIONS | change, monkeypatch, running) == 2
    said = capfd.readouterr()
    assert message in said.err
    for secret in ("hunter2", "secret word", TOKEN):
        assert secret not in said.out + said.err
    assert not (home / "run/node.yaml").exists()


@pytest.mark.parametrize("content", ["", "[1]", "{", "\xff"])
def test_broken_options(home, monkeypatch, capfd, content):
    (home / "options.json").write_text(content, encoding="latin-1")
    arguments = [f"--options={home}/options.json", f"--out={home}/o", f"--data={home}/data"]
    assert app.main(arguments) == 2
    assert "is not the Supervisor's JSON" in capfd.readouterr().err


def test_without_supervisor_and_broker(home, monkeypatch, capfd):
    assert start(home, OPTIONS, monkeypatch) == 2
    assert "no broker is known" in capfd.readouterr().err


def test_a_broker_that_is_on_its_way_is_waited_for(running):
    none = (400, {"result": "error", "message": "Service not enabled"})
    running.answers.insert(0, none)
    assert supervisor.mqtt_service(TOKEN, url=running.url, patience_s=5.0) == DATA
    assert len(running.asked) == 2


def test_no_broker_after_all(running):
    running.answers = [(400, {"result": "error", "message": "Service not enabled"})]
    assert supervisor.mqtt_service(TOKEN, url=running.url, patience_s=0.1) is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((403, {}), "refuses this app"),
        ((401, {}), "refuses this app"),
        ((500, {}), "answers 500"),
        ((200, {"result": "ok", "data": {}}), "names no host"),
        ((200, {"result": "ok", "data": []}), "names no host"),
        ((200, b"<html>"), "does not answer"),
        ((200, [1]), "names no host"),
    ],
)
def test_a_supervisor_in_trouble(running, answer, message):
    running.answers = [answer]
    with pytest.raises(supervisor.SupervisorError, match=message) as caught:
        supervisor.mqtt_service(TOKEN, url=running.url, patience_s=0.1)
    assert TOKEN not in str(caught.value)


def test_nobody_answers():
    with pytest.raises(supervisor.SupervisorError, match="does not answer"):
        supervisor.mqtt_service(TOKEN, url="http://127.0.0.1:1", patience_s=0.1)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/x").touch()
    with pytest.raises(OSError, match="taken"):
        write_private(tmp_path / "taken", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@limits(max_examples=30)
@given(name=st.text(min_size=1, max_size=10).filter(str.strip), secret=st.text(min_size=1))
@example(name="flur", secret="a\x85b")
def test_any_text_comes_back_as_it_was(tmp_path_factory, name, secret):
    home = tmp_path_factory.mktemp("home")
    options = OPTIONS | {"name": name, "mqtt": {"host": "x", "password": secret}}
    (home / "options.json").write_text(json.dumps(options), encoding="utf-8")
    arguments = [f"--options={home}/options.json", f"--out={home}/o", f"--data={home}/data"]
    assert app.main(arguments) == 0
    settings = load(home / "o")
    assert settings.name == name.strip()
    assert settings.mqtt.password.reveal() == secret
