"""Whether this installation lives, can work, and what it counts; for machines."""

import hmac
import shutil

from flask import Blueprint, Response, abort, request
from sqlalchemy import text

from core import metrics
from core.errors import Temporary
from web.context import is_loopback, reading, runtime

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Database and spool can be used; the answer names the part that cannot, and nothing else."""
    problems = []
    try:
        with reading() as tx:
            tx.session.execute(text("SELECT 1"))
    except Temporary:
        problems.append("database")
    settings = runtime().settings
    try:
        if shutil.disk_usage(settings.home).free < settings.spool.free_bytes_min:
            problems.append("spool full")
    except OSError:
        problems.append("spool")
    words = "ready\n" if not problems else f"not ready: {', '.join(problems)}\n"
    return Response(words, status=503 if problems else 200, mimetype="text/plain")


@blueprint.get("/metrics")
def prometheus() -> Response:
    """Counters, for the machine itself or for who holds the token; a stranger learns not even that they exist."""
    if not (_holds_token() or _is_local()):
        abort(404)
    return Response(metrics.render(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _holds_token() -> bool:
    token = runtime().settings.metrics.token.get_secret_value()
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode())


def _is_local() -> bool:
    # A proxy on the same machine also comes from loopback: its headers betray it, or the name it asks for.
    forwarded = any(
        name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
    )
    return not forwarded and is_loopback(request.remote_addr or "") and is_loopback(_host_name())


def _host_name() -> str:
    host = request.host
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
