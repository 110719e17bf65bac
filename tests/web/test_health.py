"""What machines ask: is it alive, can it work, what does it count; and nobody else learns the last."""

import pytest

from core.runtime import Runtime
from tests.conftest import make_settings
from tests.web.conftest import Site
from web.app import create_app


def test_a_living_process_says_so(site: Site) -> None:
    assert site.app.test_client().get("/healthz").data == b"ok\n"
    assert site.app.test_client().get("/readyz").data == b"ready\n"


def test_a_full_spool_is_not_ready(runtime: Runtime) -> None:
    settings = make_settings(runtime.settings.home, SPOOL__FREE_BYTES_MIN=str(10**18))
    app = create_app(Runtime(settings, runtime.db, runtime.clock, runtime.keys))
    response = app.test_client().get("/readyz")
    assert (response.status_code, response.data) == (503, b"not ready: spool full\n")


def test_a_lost_database_is_not_ready(pg_runtime: Runtime) -> None:
    from core.db import Database

    gone = Database("postgresql+psycopg://nobody@127.0.0.1:9/none")
    app = create_app(Runtime(pg_runtime.settings, gone, pg_runtime.clock, pg_runtime.keys))
    response = app.test_client().get("/readyz")
    assert (response.status_code, response.data) == (503, b"not ready: database\n")
    assert b"127.0.0.1" not in app.test_client().get("/readyz").data


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {"Host": "127.0.0.1:8080"}, 200),
        ("::1", {"Host": "[::1]:8080"}, 200),
        ("192.0.2.7", {"Host": "127.0.0.1:8080"}, 404),
        ("127.0.0.1", {"Host": "127.0.0.1:8080", "X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Host": "127.0.0.1:8080", "Forwarded": "for=192.0.2.7"}, 404),
        ("127.0.0.1", {"Host": "relay.example.jp"}, 404),
        ("192.0.2.7", {"Host": "relay.example.jp", "Authorization": "Bearer s3cret-token"}, 200),
        ("192.0.2.7", {"Host": "relay.example.jp", "Authorization": "Bearer wrong"}, 404),
        ("192.0.2.7", {"Host": "relay.example.jp", "Authorization": "Bearer "}, 404),
    ],
)
def test_counters_are_not_for_strangers(runtime: Runtime, address: str, headers: dict[str, str], status: int) -> None:
    settings = make_settings(runtime.settings.home, METRICS__TOKEN="s3cret-token")
    app = create_app(Runtime(settings, runtime.db, runtime.clock, runtime.keys))
    response = app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert response.status_code == status
    assert (b"careerrelay_mails_received_total" in response.data) == (status == 200)


def test_without_a_token_no_token_opens_the_counters(runtime: Runtime) -> None:
    headers = {"Host": "relay.example.jp", "Authorization": "Bearer "}
    response = (
        create_app(runtime)
        .test_client()
        .get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    )
    assert response.status_code == 404
