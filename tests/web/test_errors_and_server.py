"""What goes wrong is told in words, without what broke inside; and the server stops when it is told to."""

import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from core.errors import ConfigError, NotFound, Permanent, Temporary
from core.runtime import Runtime
from crm.errors import LinkGone, WrongState
from tests.web.conftest import Site
from web import context
from web.app import create_app, serve
from web.errors import answer


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (LinkGone(), 410, "link_gone"),
        (NotFound("x"), 404, "not_found"),
        (WrongState("answered", "x"), 409, "answered"),
        (ConfigError("x"), 422, "invalid"),
        (Permanent("x"), 409, "refused"),
        (Temporary("x"), 503, "busy"),
        (ValueError("x"), 500, "fault"),
    ],
)
def test_each_error_has_its_answer(error: Exception, status: int, code: str) -> None:
    found = answer(error)
    assert (found.status, found.code) == (status, code)


def test_a_fault_of_ours_tells_a_stranger_nothing(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(runtime)

    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("secret of the inside")

    for path, said in (("/boom", "ただいま処理できません"), ("/api/boom", "")):
        response = app.test_client().get(path)
        text = response.get_data(as_text=True)
        assert "secret" not in text
        assert "Traceback" not in text
        if said:
            assert response.status_code == 500
            assert said in text
    assert "page failed" in caplog.text


def test_a_lost_database_asks_to_come_back(pg_runtime: Runtime) -> None:
    from core.db import Database

    gone = Runtime(
        pg_runtime.settings,
        Database("postgresql+psycopg://nobody@127.0.0.1:9/none"),
        pg_runtime.clock,
        pg_runtime.keys,
    )
    client = create_app(gone).test_client()
    response = client.get("/r/AAAAAAAAAAAAAAAAAAAAAA")
    assert response.status_code == 503
    assert "ただいま混み合っています" in response.get_data(as_text=True)
    assert "127.0.0.1" not in response.get_data(as_text=True)
    key = {"Authorization": "Bearer cr00000000.AAAAAAAAAAAAAAAAAAAAAA"}
    assert client.get("/api/v1/agency/referrals", headers=key).get_json()["code"] == "busy"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/static/nothing.css", "/console/sign-in/x/y", "/r/", "/%00", "/r/%ff%fe"]
)
def test_what_is_not_there_is_told_so(sqlite_site: Site, path: str) -> None:
    assert sqlite_site.app.test_client().get(path).status_code in (404, 410)


def test_a_form_too_large_is_refused(sqlite_site: Site) -> None:
    browser = sqlite_site.stranger()
    browser.open(sqlite_site.path(sqlite_site.offer().relay_url))
    browser.press("プロフィールの入力へ", mail="x" * 300_000)
    assert browser.status == 413
    assert "大きすぎます" in browser.page.text


def test_writing_on_get_is_a_bug_and_stops(sqlite_site: Site) -> None:
    with sqlite_site.app.test_request_context("/", method="GET"), pytest.raises(RuntimeError, match="GET"):
        context.writing()


def test_the_server_answers_until_told_to_stop(runtime: Runtime) -> None:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen()
    port = bound.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(runtime, bound, stop))
    thread.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as response:
            assert response.read() == b"ok\n"
            assert "Server" not in response.headers
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            assert b"careerrelay_" in response.read()
    finally:
        stop.set()
        thread.join(timeout=15)
    assert not thread.is_alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_no_view_asks_the_tables_of_another_floor() -> None:
    """Pages ask functions; only our own tables are ours to select from."""
    own = {
        "auth.py",
        "throttle.py",
        "idempotency.py",
        "tables.py",
        "health.py",
        "errors.py",
        "retention.py",
        "actors.py",
    }
    for file in Path("web").rglob("*.py"):
        if file.name not in own:
            assert "sqlalchemy" not in file.read_text("utf-8"), file
