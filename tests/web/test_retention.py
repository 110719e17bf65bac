"""What the web floor keeps goes after its time, and not before."""

from datetime import timedelta

import pytest

from careerrelay.handlers import HANDLERS
from core import jobs
from core.runner import Runner
from core.runtime import Runtime
from tests.web.conftest import Site
from tests.web.snapshot import every_row
from web import auth, idempotency, retention, throttle
from web.idempotency import Reply

REPLAY, LINK, FAILURE = "api_replay", "sign_in_link", "sign_in_failure"


def _fill(site: Site, replays: int = 1) -> None:
    with site.runtime.begin() as tx:
        for number in range(replays):
            idempotency.once(tx, site.agency_id, f"key{number}", b"", lambda: Reply(200, {}))
        auth.sign_in_link(tx, auth.create_user(tx, "a@example.jp", None, ["admin"]))
        throttle.count(tx, "a@example.jp", "192.0.2.1")


def _counts(runtime: Runtime) -> tuple[int, ...]:
    rows = every_row(runtime)
    return tuple(len(rows[table]) for table in (REPLAY, LINK, FAILURE))


@pytest.mark.parametrize(
    ("age", "left"),
    [
        (timedelta(hours=24), (1, 1, 2)),
        (timedelta(hours=24, seconds=1), (0, 1, 2)),
        (timedelta(days=1, minutes=15, seconds=1), (0, 0, 2)),
        (timedelta(days=2), (0, 0, 2)),
        (timedelta(days=2, seconds=1), (0, 0, 0)),
    ],
)
def test_each_kind_goes_after_its_time_and_not_before(site: Site, age: timedelta, left: tuple[int, ...]) -> None:
    _fill(site)
    site.clock.advance(age.total_seconds())
    with site.runtime.begin() as tx:
        assert retention.purge(tx) == 4 - sum(left)
    assert _counts(site.runtime) == left


def test_the_purge_job_empties_all_of_it(site: Site) -> None:
    _fill(site, retention.ROWS_MAX + 1)
    site.clock.advance(timedelta(days=3).total_seconds())
    with site.runtime.begin() as tx:
        jobs.enqueue(tx, "purge", "now")
    Runner(site.runtime, HANDLERS, "test").drain()
    assert _counts(site.runtime) == (0, 0, 0)
