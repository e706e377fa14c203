"""The node's record as its API shows it: events, files with ranges, feedback, questions."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

CLIP = bytes(range(256)) * 40
PICTURE = b"\xff\xd8\xff\xe0 an event \xff\xd9"


def event(number: int, day: str = "2026-11-22", **changes: Any) -> dict[str, Any]:
    """Give an event as the API does."""
    time = f"{day}T{10 + number // 60 % 12:02d}:{number % 60:02d}:00Z"
    return {
        "event": f"{day.replace('-', '')}-bedroom-fall-{number:04x}",
        "camera": "bedroom",
        "class": "fall",
        "label": None,
        "step": "resolved",
        "level": "high",
        "confidence": 0.97,
        "onset": time,
        "suspected": time,
        "time": time,
        "ended": time,
        "reason": "lies on the floor",
        "description": "",
        "snapshot": "snapshot.jpg",
        "clip": "clip.mp4",
        "review": False,
        "feedback": None,
    } | changes


class Records:
    """Events and what was asked and said about them; search is by exact fields and by time."""

    def __init__(self, refuse: Callable[[web.Request], web.Response | None]) -> None:
        """Take what checks the token."""
        self._refuse = refuse
        self.events: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] | str | None = []
        """Spoken calls for help; None for a node that does not know the route."""
        self.feedback: list[tuple[str, str]] = []
        self.questions: list[tuple[str, str]] = []
        self.searches: list[dict[str, str]] = []
        self.answer: str | None = "Nobody is there."
        self.breaks_off = False

    def serve(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/api/calls", self._calls)
        app.router.add_get("/api/events", self._search)
        app.router.add_get("/api/events/{event}", self._event)
        app.router.add_get("/api/events/{event}/{kind:clip|snapshot}", self._file)
        app.router.add_post("/api/events/{event}/feedback", self._feedback)
        app.router.add_post("/api/cameras/{camera}/describe", self._describe)

    def _known(self, request: web.Request) -> dict[str, Any] | None:
        name = request.match_info["event"]
        return next((each for each in self.events if each["event"] == name), None)

    async def _search(self, request: web.Request) -> web.Response:
        if refusal := self._refuse(request):
            return refusal
        wanted = dict(request.query)
        self.searches.append(wanted)
        found = sorted(self.events, key=lambda each: str(each["suspected"]), reverse=True)
        for key in ("camera", "class", "level", "feedback"):
            found = [each for each in found if wanted.get(key, each[key]) == each[key]]
        begin = wanted.get("from", "").replace("+00:00", "Z")
        end = wanted.get("to", "9999").replace("+00:00", "Z")
        found = [each for each in found if begin <= each["suspected"] < end]
        first, limit = int(wanted.get("cursor", "0")), int(wanted.get("limit", "50"))
        cursor = str(first + limit) if len(found) > first + limit else None
        return web.json_response({"events": found[first : first + limit], "cursor": cursor})

    async def _calls(self, request: web.Request) -> web.Response:
        if refusal := self._refuse(request):
            return refusal
        if self.calls is None:
            return _missing("path")
        if isinstance(self.calls, str):
            return web.json_response({"calls": self.calls})
        begin = request.query["from"]
        found = [each for each in self.calls if each["time"] >= begin]
        return web.json_response({"calls": found[::-1]})

    async def _event(self, request: web.Request) -> web.Response:
        if refusal := self._refuse(request):
            return refusal
        known = self._known(request)
        return web.json_response(known) if known else _missing("event")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refuse(request):
            return refusal
        known, kind = self._known(request), request.match_info["kind"]
        if known is None or known[kind] is None:
            return _missing(kind)
        body = CLIP if kind == "clip" else PICTURE
        if self.breaks_off:
            return await _half(request, body)
        part = request.http_range
        if part.start is None and part.stop is None:
            return web.Response(body=body, headers={"Accept-Ranges": "bytes"})
        piece = body[part]
        start = part.start or 0
        where = f"bytes {start}-{start + len(piece) - 1}/{len(body)}"
        return web.Response(body=piece, status=206, headers={"Content-Range": where})

    async def _feedback(self, request: web.Request) -> web.Response:
        if refusal := self._refuse(request):
            return refusal
        if (known := self._known(request)) is None:
            return _missing("event")
        kind = (await request.json())["kind"]
        self.feedback.append((known["event"], kind))
        return web.json_response({"event": known["event"], "kind": kind})

    async def _describe(self, request: web.Request) -> web.Response:
        if refusal := self._refuse(request):
            return refusal
        camera, question = request.match_info["camera"], (await request.json())["question"]
        self.questions.append((camera, question))
        if self.answer is None:
            problem = {"error": "no model looks at it", "remedy": "set model"}
            return web.json_response(problem, status=503)
        return web.json_response({"camera": camera, "answer": self.answer})


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    """Begin an answer and cut the connection."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _missing(what: str) -> web.Response:
    return web.json_response({"error": f"there is no {what}", "remedy": "look"}, status=404)
