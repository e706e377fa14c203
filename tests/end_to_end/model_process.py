"""A model's server as a process of its own, to be killed or stopped while it is asked.

Usage: model_process.py PORT ANSWER_AFTER_S

It speaks the OpenAI protocol, takes so long for each answer, and says No. For each question it
prints `asked QUESTION` when that came and `answered QUESTION` when its answer leaves.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

YES, NO = {"token": "Yes", "logprob": -2.4}, {"token": "No", "logprob": -0.1}


def application(answer_after_s: float) -> web.Application:
    async def complete(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        content = body["messages"][1]["content"]
        question = [part["text"] for part in content if part["type"] == "text"][-1]
        _say(f"asked {question}")
        await asyncio.sleep(answer_after_s)
        _say(f"answered {question}")
        first = NO | {"top_logprobs": [NO, YES]}
        message = {"role": "assistant", "content": "No"}
        choice = {"index": 0, "message": message, "logprobs": {"content": [first]}}
        return web.json_response({"object": "chat.completion", "choices": [choice]})

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "omni"}]})

    app = web.Application(client_max_size=32 * 2**20)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", models)
    return app


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    web.run_app(
        application(float(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), print=None
    )
