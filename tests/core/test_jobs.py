"""Jobs: written with their cause, run at least once, never by two at once, dead when hopeless."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import jobs
from core.clock import ManualClock
from core.errors import Permanent, Temporary
from core.jobs import Claimed, Job
from core.runner import Handler, Runner
from core.runtime import Runtime


def rows(runtime: Runtime) -> dict[str, Job]:
    with runtime.read() as tx:
        return {job.key: job for job in tx.session.scalars(select(Job))}


def nothing(_: Runtime, __: Claimed) -> None:
    return


def test_a_job_exists_only_when_its_cause_commits(any_runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError), any_runtime.begin() as tx:
        jobs.enqueue(tx, "count", "count:1")
        raise ZeroDivisionError
    assert rows(any_runtime) == {}


def test_a_key_is_used_once_for_ever(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        assert jobs.enqueue(tx, "count", "count:1", {"n": 1})
        assert not jobs.enqueue(tx, "count", "count:1", {"n": 2})
    Runner(any_runtime, {"count": nothing}, "w").drain()
    with any_runtime.begin() as tx:
        assert not jobs.enqueue(tx, "count", "count:1")
    assert rows(any_runtime)["count:1"].payload == {"n": 1}


def test_a_temporary_error_backs_off_and_the_job_is_done_later(any_runtime: Runtime, clock: ManualClock) -> None:
    tries = []

    def flaky(_: Runtime, job: Claimed) -> None:
        tries.append(job.tries)
        if len(tries) < 3:
            raise Temporary("the agency does not answer")

    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "flaky", "flaky:1")
    runner = Runner(any_runtime, {"flaky": flaky}, "w")
    assert runner.drain() == 1
    assert runner.drain() == 0, "not due again yet"
    assert rows(any_runtime)["flaky:1"].error == "the agency does not answer"
    for wait_s in jobs.RETRY_S[:2]:
        clock.advance(wait_s)
        runner.drain()
    assert tries == [1, 2, 3]
    assert rows(any_runtime)["flaky:1"].state == jobs.DONE


def fails(error: Exception) -> Handler:
    def handler(_: Runtime, __: Claimed) -> None:
        raise error

    return handler


def test_what_cannot_work_is_dead_at_once_and_a_bug_after_its_tries(any_runtime: Runtime, clock: ManualClock) -> None:
    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "refused", "refused:1")
        jobs.enqueue(tx, "bug", "bug:1")
    runner = Runner(any_runtime, {"refused": fails(Permanent("no such agency")), "bug": fails(KeyError("name"))}, "w")
    for _ in range(any_runtime.settings.jobs.tries_max + 2):
        runner.drain()
        clock.advance(max(jobs.RETRY_S))
    found = rows(any_runtime)
    assert (found["refused:1"].state, found["refused:1"].tries) == (jobs.DEAD, 1)
    assert (found["bug:1"].state, found["bug:1"].tries) == (jobs.DEAD, any_runtime.settings.jobs.tries_max)
    assert found["bug:1"].error == "internal error: KeyError"


def test_a_job_that_kills_its_worker_ends_dead(any_runtime: Runtime, clock: ManualClock) -> None:
    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "killer", "killer:1")
    settings = any_runtime.settings.jobs
    for _ in range(settings.tries_max):  # claimed, then the process is gone
        with any_runtime.begin() as tx:
            assert len(jobs.claim(tx, "w", 1, settings.lease_s, ["killer"])) == 1
        clock.advance(settings.lease_s + 1)
    Runner(any_runtime, {"killer": nothing}, "w").drain()
    assert rows(any_runtime)["killer:1"].state == jobs.DEAD


def test_who_lost_the_lease_cannot_finish(any_runtime: Runtime, clock: ManualClock) -> None:
    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "slow", "slow:1")
    with any_runtime.begin() as tx:
        (first,) = jobs.claim(tx, "first", 1, 10, ["slow"])
        assert jobs.claim(tx, "second", 1, 10, ["slow"]) == []
    clock.advance(11)
    with any_runtime.begin() as tx:
        (second,) = jobs.claim(tx, "second", 1, 10, ["slow"])
        assert not jobs.finish(tx, first)
        assert jobs.finish(tx, second)


def test_two_workers_never_claim_the_same_job(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        for number in range(60):
            jobs.enqueue(tx, "count", f"count:{number}")
    seen: list[int] = []

    def work(owner: str) -> None:
        while True:
            with any_runtime.begin() as tx:
                got = jobs.claim(tx, owner, 7, 60, ["count"])
            if not got:
                return
            seen.extend(job.id for job in got)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 60


def test_only_a_job_that_has_not_begun_is_cancelled(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "later", "later:1", due_at=tx.now + timedelta(hours=1))
        jobs.enqueue(tx, "now", "now:1")
        jobs.claim(tx, "w", 1, 60, ["now"])
        assert jobs.cancel(tx, "later:1")
        assert not jobs.cancel(tx, "now:1")
        assert not jobs.cancel(tx, "unknown")


def test_old_jobs_are_forgotten_and_dead_ones_kept_longer(any_runtime: Runtime, clock: ManualClock) -> None:
    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "count", "count:1")
        jobs.enqueue(tx, "refused", "refused:1")
        jobs.enqueue(tx, "never", "never:1")
    runner = Runner(any_runtime, {"count": nothing, "refused": fails(Permanent("no"))}, "w")
    runner.drain()
    clock.advance((any_runtime.settings.retention.job_days + 1) * 86400)
    assert runner.sweep() == 1
    assert set(rows(any_runtime)) == {"refused:1", "never:1"}
