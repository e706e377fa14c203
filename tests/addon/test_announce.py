"""What Home Assistant is told through the Supervisor, against a real HTTP server."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from omnicam.app import announce as app
from omnicam.app import supervisor
from omnicam.app.announce import api_answers, main

TOKEN = "a-token-of-the-supervisor"


@contextmanager
def serving(status=200):
    """Answer everything with `status` and keep what was sent."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.do_GET()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port, received
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@pytest.fixture
def node(tmp_path, monkeypatch):
    """Give a maker of configurations; the Supervisor's token is in the environment."""
    monkeypatch.setenv("SUPERVISOR_TOKEN", TOKEN)

    def write(port):
        file = tmp_path / "node.yaml"
        file.write_text(yaml.safe_dump({"node": "home", "name": "Flat", "api": {"port": port}}))
        return ["--config", str(file)]

    return write


def test_the_integration_gets_address_and_token(node, tmp_path, monkeypatch):
    with serving() as (port, received):
        monkeypatch.setattr(
            app,
            "announce",
            lambda token, message: supervisor.announce(
                token, message, url=f"http://127.0.0.1:{port}"
            ),
        )
        assert main(node(port)) == 0
    ((path, authorization, body),) = received
    assert (path, authorization) == ("/discovery", f"Bearer {TOKEN}")
    assert body["service"] == "omnicam"
    assert body["config"].pop("host")
    token = (tmp_path / "data/api_token").read_text().strip()
    assert body["config"] == {"port": port, "token": token, "node": "home", "name": "Flat"}


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_supervisor_that_refuses(status):
    with serving(status) as (port, _), pytest.raises(supervisor.SupervisorError) as caught:
        supervisor.announce(TOKEN, {"token": "s3cret"}, url=f"http://127.0.0.1:{port}")
    assert f"answers {status}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_supervisor_that_is_away():
    with pytest.raises(supervisor.SupervisorError, match="does not answer"):
        supervisor.announce(TOKEN, {}, url="http://127.0.0.1:1")


def test_without_a_supervisor_nothing_is_told(node, monkeypatch):
    monkeypatch.delenv("SUPERVISOR_TOKEN")
    assert main(node(1)) == 0


def test_a_node_that_is_not_well_is_still_there():
    with serving(503) as (port, _):
        assert api_answers(port, patience_s=0.1)


def test_an_api_that_never_answers(node, monkeypatch, capsys):
    monkeypatch.setattr(app, "api_answers", lambda port: api_answers(port, patience_s=0.1))
    assert main(node(1)) == 1
    assert "does not answer" in capsys.readouterr().err


def test_a_configuration_that_is_wrong_is_told(node, capsys):
    assert main(node("x")) == 1
    assert "api.port" in capsys.readouterr().err
