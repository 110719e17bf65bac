"""The one table from errors to pages. A stranger learns what to do next, never what broke inside."""

from dataclasses import dataclass

from flask import Flask, Response, abort, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from core.errors import ConfigError, NotFound, Permanent, Temporary
from core.log import get_logger
from crm.errors import FormRefused, LinkGone, Refused
from web.api_problems import problem

_log = get_logger("web")
API_PREFIX = "/api/"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status for machines and the word that picks the text for people (``templates/error.html``)."""

    status: int
    code: str


def answer(error: Exception) -> Answer:  # noqa: PLR0911 - a table, most specific first
    """What ``error`` means to who asked; anything unknown is our bug."""
    match error:
        case CSRFError():
            return Answer(400, "csrf")
        case LinkGone():
            return Answer(410, "link_gone")
        case NotFound():
            return Answer(404, "not_found")
        case FormRefused():
            return Answer(422, "invalid")
        case Refused():
            return Answer(409, error.code)
        case ConfigError():
            return Answer(422, "invalid")
        case Permanent():
            return Answer(409, "refused")
        case Temporary() | OperationalError() | InterfaceError():
            return Answer(503, "busy")
        case DataError() | OverflowError() if _beyond_any_column(error):
            return Answer(404, "not_found")
        case HTTPException():
            return Answer(error.code or 500, _HTTP_CODES.get(error.code or 500, "refused"))
        case _:
            return Answer(500, "fault")


def _beyond_any_column(error: Exception) -> bool:
    """A number in an address, larger than its column: SQLite's driver and PostgreSQL (22003) each say so their way."""
    if isinstance(error, DataError):
        return getattr(error.orig, "sqlstate", "") == "22003"
    return "SQLite INTEGER" in str(error)


_HTTP_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method",
    413: "too_large",
    429: "too_many",
}


def _show(error: Exception) -> Response | tuple[str, int]:
    found = answer(error)
    if found.status >= 500:
        _log.error("page failed", extra={"endpoint": request.endpoint, "status": found.status}, exc_info=error)
    if isinstance(error, HTTPException) and error.response is not None:
        return error.response  # type: ignore[return-value]  # a redirect or a ready answer
    if request.path.startswith(API_PREFIX):
        fields = error.problems if isinstance(error, FormRefused) else ()
        return problem(found.code, errors=[{"field": one.field, "problem": one.code} for one in fields])
    return render_template("error.html", status=found.status, code=found.code), found.status


def _refuse_nul() -> None:
    """PostgreSQL holds no U+0000 in a text: nothing that can be found is named so."""
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        abort(404)


def install(app: Flask) -> None:
    app.before_request(_refuse_nul)
    # The web error handler is one of the five places where everything is caught (docs/architecture.md, Errors).
    app.register_error_handler(Exception, _show)
