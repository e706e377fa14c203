"""Errors of the API: a JSON body that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
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


class FieldsError(ProblemError):
    """Fields of a body that cannot be used.

    Attributes:
        fields: what is wrong with each, by its path such as `zones.bed.points`.
    """

    def __init__(self, fields: Mapping[str, str], remedy: str) -> None:
        error = "; ".join(f"{field} {message}" for field, message in fields.items())
        super().__init__(HTTPStatus.BAD_REQUEST, error, remedy)
        self.fields = fields

    def response(self) -> web.Response:
        """Make the HTTP answer, with the fields apart for a form to show."""
        body = {"error": self.error, "remedy": self.remedy, "fields": dict(self.fields)}
        return web.json_response(body, status=self.status)


def not_found(what: str, value: str, remedy: str) -> ProblemError:
    """Make the error for something that is not there."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"there is no {what} {value!r}", remedy)
