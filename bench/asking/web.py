"""The same over HTTP: the route in a server of this process, asked by clients in another."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from dataclasses import asdict
from typing import Any

from asking.windows import Size
from inference_server.serve.verdict.route import Route

Json = dict[str, Any]


async def measure(engine: Any, one: Size, four: Size, rounds: int, load: int) -> Json:
    """Serve the engine's verdicts and time them from outside, alone and 32 at a time."""
    import uvicorn
    from starlette.applications import Starlette

    app = Starlette()
    app.state.engine_client = engine
    app.add_middleware(Route)
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer waits 40 ms for an
    # acknowledgement; vLLM's own server runs on uvloop, which turns it off.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    wish = {
        "port": listener.getsockname()[1],
        "one": asdict(one),
        "four": asdict(four),
        "rounds": rounds,
        "load": load,
    }
    try:
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "asking.client",
            json.dumps(wish),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await client.communicate()
    finally:
        server.should_exit = True
        await serving
    if client.returncode:
        raise RuntimeError(f"the client ended with {client.returncode}")
    return dict(json.loads(out))
