"""Errors of the API: a JSON body that says what is wrong and what to do."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web


class ProblemError(Exception):
    """A request that cannot be answered.

    Attributes:
        status: HTTP status.
        error: what is wrong, naming field and value.
        remedy: what to do.
    """

    def __init__(self, status: HTTPStatus, error: str, remedy: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.remedy = remedy

    def response(self) -> web.Response:
        """Make the HTTP answer."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status is HTTPStatus.UNAUTHORIZED else {}
        body = {"error": self.error, "remedy": self.remedy}
        return web.json_response(body, status=self.status, headers=headers)


def not_found(what: str, value: str, remedy: str) -> ProblemError:
    """Make the error for something that is not there."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"there is no {what} {value!r}", remedy)
