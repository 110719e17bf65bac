"""Guessing passwords is slow: failed sign-ins of one name or from one place are counted in the database."""

from datetime import timedelta

from flask import Flask, Response, render_template, request

from core import metrics
from core.runtime import Tx
from web.context import runtime, visitor_address
from web.tables import SignInFailure

WINDOW_MINUTES = 15
FAILURES_OF_A_NAME_MAX = 10
FAILURES_FROM_A_PLACE_MAX = 50


def blocked(tx: Tx, name: str, place: str) -> bool:
    """Whether another attempt must wait. Reads only."""
    since = tx.now - timedelta(minutes=WINDOW_MINUTES)
    for bucket, most in _buckets(tx, name, place):
        row = tx.session.get(SignInFailure, bucket)
        if row is not None and row.window_started_at > since and row.failures >= most:
            return True
    return False


def count(tx: Tx, name: str, place: str) -> None:
    """One more failure of ``name`` and from ``place``."""
    since = tx.now - timedelta(minutes=WINDOW_MINUTES)
    for bucket, _ in _buckets(tx, name, place):
        row = tx.session.get(SignInFailure, bucket, with_for_update=True)
        if row is None:
            tx.session.add(SignInFailure(bucket=bucket, failures=1, window_started_at=tx.now))
        elif row.window_started_at <= since:
            row.failures, row.window_started_at = 1, tx.now
        else:
            row.failures += 1


def _buckets(tx: Tx, name: str, place: str) -> list[tuple[str, int]]:
    # Hashed: a list of names that somebody tried is nothing to keep in clear.
    return [
        (tx.keys.mac("session", f"name\n{name.strip().lower()}".encode("utf-8", "replace")), FAILURES_OF_A_NAME_MAX),
        (tx.keys.mac("session", f"place\n{place}".encode()), FAILURES_FROM_A_PLACE_MAX),
    ]


def _is_attempt() -> bool:
    return request.endpoint == "security.login" and request.method == "POST"


def install(app: Flask) -> None:
    @app.before_request
    def wait_first() -> tuple[str, int] | None:
        if not _is_attempt():
            return None
        with runtime().read() as tx:
            if not blocked(tx, request.form.get("email", ""), visitor_address()):
                return None
        metrics.LOGINS.labels("throttled").inc()
        return render_template("error.html", status=429, code="too_many"), 429

    @app.after_request
    def learn(response: Response) -> Response:
        if _is_attempt() and response.status_code == 200:
            with runtime().begin() as tx:
                count(tx, request.form.get("email", ""), visitor_address())
            metrics.LOGINS.labels("refused").inc()
        elif _is_attempt() and response.status_code == 302:
            metrics.LOGINS.labels("password").inc()
        return response
