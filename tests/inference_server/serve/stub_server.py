"""A program that the supervisor's tests keep alive: an HTTP server with the faults they ask for.

Usage: stub_server.py PORT STATE, with the fault of one life in each line of the file STATE, the
next one first. `exit`: ends at once with status 3. `silent`: never listens. `wrong`: answers a
window with an error. `crash`: ends at the first question for a sign of life. `stuck`: does not
answer that one. `deaf`: does not end when asked. Each leaves a process of its own behind, as vLLM's
server has engines.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ANSWER = {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "Yes"}]}]}}]}


def tell(line: str) -> None:
    """Write a line of a log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(port: str, state: str) -> None:
    """Live one life."""
    lives = Path(state).read_text().splitlines()
    fault = lives[0] if lives else ""
    Path(state).write_text("".join(f"{life}\n" for life in lives[1:]))
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    tell(f"starting, with {fault or 'no fault'}")
    if fault == "exit":
        tell("ValueError: of the test")
        sys.exit(3)
    if fault == "silent":
        time.sleep(300)
    if fault == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, {})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if fault == "stuck" and self.path == "/v1/completions":
                time.sleep(300)
            self.answer(500 if fault == "wrong" else 200, ANSWER)
            if fault == "crash" and self.path == "/v1/completions":
                os._exit(4)

        def answer(self, status: int, content: object) -> None:
            if self.headers["Authorization"] != f"Bearer {os.environ['TOLD']}":
                status = 401
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
