"""Regular jobs: written once a period whoever ticks, run by handlers that may run twice."""

import dataclasses
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

from sqlalchemy import func, insert, select, text

from careerrelay import schedule, wake
from careerrelay.handlers import HANDLERS
from core import jobs, outbox
from core.clock import ManualClock
from core.jobs import Job
from core.outbox import Outgoing
from core.runner import Runner
from core.runtime import Runtime
from crm.delivery import referrals
from crm.registry import companies
from crm.registry.companies import NewCompany
from gateway.tables import MailState, Origin, mail
from tests.conftest import make_settings


def test_every_kind_of_job_has_a_handler() -> None:
    assert {task.kind for task in schedule.PERIODIC} <= set(HANDLERS)
    assert {referrals.HAND_OVER_JOB, referrals.SILENCE_JOB} <= set(HANDLERS)


def test_a_second_scheduler_writes_nothing_until_the_next_period(any_runtime: Runtime, clock: ManualClock) -> None:
    assert schedule.tick(any_runtime) == len(schedule.PERIODIC)
    assert schedule.tick(any_runtime) == 0
    clock.advance(max(task.every_s for task in schedule.PERIODIC))
    assert schedule.tick(any_runtime) == len(schedule.PERIODIC)


def test_all_regular_jobs_run_on_a_new_installation(any_runtime: Runtime) -> None:
    schedule.tick(any_runtime)
    wake.use(Runner(any_runtime, HANDLERS, "test"))
    assert wake.drain() == len(schedule.PERIODIC)
    with any_runtime.read() as tx:
        left = tx.session.execute(select(Job.kind, Job.state, Job.error).where(Job.state != jobs.DONE)).all()
    assert left == []


def hold_a_mail(runtime: Runtime, company_id: int, number: int) -> None:
    with runtime.begin() as tx:
        tx.session.execute(
            insert(mail).values(
                queue_id=f"{number:016x}",
                origin=Origin.SMTP.value,
                company_id=company_id,
                state=MailState.HELD.value,
                judged=True,
                may_judge=True,
                envelope_from="hr@example.co.jp",
                mail_params={},
                peer="192.0.2.1",
                helo="client.example",
                protocol="ESMTP",
                tls="",
                size=100,
                received_at=tx.now,
                note="held",
                hold_until=tx.now + timedelta(minutes=60),
                raw=b"From: secret-sender@example.co.jp\r\n\r\n",
            )
        )


def digests(runtime: Runtime) -> list[str]:
    with runtime.begin() as tx:
        found = [one for one in outbox.waiting(tx, 10) if one.recipient == "duty@example.co.jp"]
    return [message_from_bytes(one.raw, policy=default).get_content() for one in found]


def test_those_on_duty_are_told_once_for_all_that_waits(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        company = companies.add(tx, NewCompany("Example", ("example.co.jp",), contact_mail="duty@example.co.jp"))
    runner = Runner(any_runtime, HANDLERS, "test")

    def tick(key: str) -> int:
        with any_runtime.begin() as tx:
            jobs.enqueue(tx, "hold_digest", key)
        runner.drain()
        return len(digests(any_runtime))

    assert tick("nothing is held") == 0
    hold_a_mail(any_runtime, company.id, 1)
    hold_a_mail(any_runtime, company.id, 2)
    assert tick("two are held") == 1
    assert tick("still the same two") == 1
    hold_a_mail(any_runtime, company.id, 3)
    assert tick("one more") == 2
    with any_runtime.read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Outgoing)) == 2
    first, second = digests(any_runtime)
    assert "2件" in first
    assert "3件" in second
    assert "2026年11月21日(土) 13:00" in first, "when the oldest leaves, in Japanese time"
    assert "secret-sender" not in first + second


def test_a_company_without_a_sender_keeps_nobody_else_from_being_told(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        mute = companies.add(tx, NewCompany("Mute", ("mute.example.jp",), contact_mail="mute@example.co.jp"))
        heard = NewCompany(
            "Heard", ("example.co.jp",), contact_mail="duty@example.co.jp", mail_from="relay@example.co.jp"
        )
        other = companies.add(tx, heard)
        jobs.enqueue(tx, "hold_digest", "once")
    for number, company in enumerate((mute, other), 1):
        hold_a_mail(runtime, company.id, number)
    nobody = dataclasses.replace(runtime, settings=make_settings(runtime.settings.home, MAIL__FROM=""))
    Runner(nobody, HANDLERS, "test").drain()
    assert len(digests(runtime)) == 1


def test_finished_jobs_are_forgotten_after_their_time(any_runtime: Runtime, clock: ManualClock) -> None:
    schedule.tick(any_runtime)
    Runner(any_runtime, HANDLERS, "test").drain()
    clock.advance((any_runtime.settings.retention.job_days + 1) * 86_400)
    with any_runtime.begin() as tx:
        jobs.enqueue(tx, "purge", "again")
    Runner(any_runtime, HANDLERS, "test").drain()
    with any_runtime.read() as tx:
        assert tx.session.execute(text("SELECT key FROM job")).scalars().all() == ["again"]
