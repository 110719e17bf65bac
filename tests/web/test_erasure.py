"""After an erasure a search for the person finds nothing: in the database, with and without its keys, in files, in the
log, and in what is exported afterwards.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, func, select

from careerrelay import evidence, purging
from careerrelay.handlers import HANDLERS
from core import outbox
from core.crypto import SealBroken
from core.db import Base
from core.runner import Runner
from core.runtime import Runtime
from core.settings import Webhook
from crm.agency import agency_events, webhooks
from crm.consents import consent
from crm.registry import programmes
from crm.rights import person_file
from crm.slots import introductions, statement_files, statements
from crm.slots.introductions import By, Need
from crm.tables import IntroductionRow, PersonRow
from gateway import copies
from gateway.delivery import finish
from gateway.delivery.finish import Ending
from gateway.tables import MailState
from ledger.export import export as export_books
from tests.connectors.receiver import Receiver, receiver
from tests.crm import slots
from tests.crm.world import Parties
from tests.web import mailing, story
from tests.web.conftest import CANDIDATE, Site
from web import context
from web.tables import ApiReplay

NAME, PHONE, JOB, SKILL = "港 花子", "090-0000-0000", "朱鷺の飼育", "トキ検定2級"
SUMMARY = "朱鷺の飼育12年。佐渡で繁殖を担当。"
PLANTED = (CANDIDATE, "hanako", NAME, PHONE, JOB, SKILL, "繁殖")
#: The record of what was given says who it is about, sealed, for three years (個人情報保護法 29条).
RECORD = ("provision", "subject_sealed")


def opened(runtime: Runtime) -> dict[tuple[str, str], str]:
    """All that can be read by whoever has the database and its keys: (table, column) -> text."""
    found: dict[tuple[str, str], str] = {}
    with runtime.read() as tx:
        for table in Base.metadata.sorted_tables:
            for row in tx.session.execute(select(table)).mappings():
                for column in table.c:
                    text = _text(runtime, table.name, dict(row), column.name, isinstance(column.type, LargeBinary))
                    found[table.name, column.name] = found.get((table.name, column.name), "") + text
        kept = tx.session.scalars(select(Base.metadata.tables["mail_copy"].c.mail_id).distinct()).all()
        words = [data.decode("utf-8", "replace") for one in kept for data in copies.open_copies(tx, one).values()]
        found["mail_copy", "opened"] = "\n".join(words)
    return found


def _text(runtime: Runtime, table: str, row: dict[str, Any], column: str, sealed: bool) -> str:
    value = row[column]
    if not sealed or value is None:
        return repr(value) + "\n"
    name = column.removesuffix("_sealed") if table == "outgoing" else column
    try:
        return runtime.keys.open_text(f"{table}.{name}:{row.get('id')}", value) + "\n"
    except SealBroken:
        return str(value, "utf-8", "replace") + "\n"


def in_database(runtime: Runtime) -> set[tuple[str, str]]:
    """Columns in which a planted word can be read with the keys."""
    return {where for where, text in opened(runtime).items() if any(word in text for word in PLANTED)}


def in_files(directory: Path) -> set[str]:
    """Files in which a planted word stands as it is."""
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in PLANTED)
    }


def settle(runtime: Runtime) -> None:
    """What the mail floor does with our own mails: send what the gate lets out, forget the content of all."""
    with runtime.begin() as tx:
        for mail in outbox.waiting(tx, 1000):
            may = mail.gate_ref is None or consent.may_leave(tx, mail.gate_ref)
            outbox.settle(tx, mail.id, outbox.State.SENT if may else outbox.State.CANCELLED)


def live_through(site: Site) -> None:
    """A rejection mail that is kept, a registration with everything, the agency accepts by its program, reads."""
    mail_id = mailing.arrive(site)
    browser = story.fill(site, site.path(site.offer(mail_id=mail_id).relay_url))
    story.agree(browser, name=NAME)
    site.clock.advance(story.HOUR_S)
    story.work(site)
    client, headers = site.app.test_client(), {"Authorization": f"Bearer {site.api_key}", "Idempotency-Key": "1"}
    [referral] = client.get("/api/v1/agency/referrals", headers=headers).get_json()["referrals"]
    path = f"/api/v1/agency/referrals/{referral['id']}"
    assert client.post(f"{path}/ack", json={"answer": "accepted"}, headers=headers).status_code == 200
    assert NAME in client.post(f"{path}/contact", headers=headers | {"Idempotency-Key": "2"}).get_json()["name"]
    with site.runtime.begin() as tx:
        finish.end(tx, [Ending(mail_id, MailState.DONE, judged=True)])
    be_introduced(site)


def be_introduced(site: Site) -> None:
    """The same person is introduced for two slots: by the agency's program, and the company accepts the first."""
    with site.runtime.read() as tx:
        [programme] = programmes.of_company(tx, site.company_id)
    slots.earn(site.runtime, Parties(site.company_id, site.agency_id, programme.id), 20)
    given = {"summary": SUMMARY, "name": NAME, "mail": CANDIDATE, "phone": PHONE, "agreed_on": "2026-11-20"}
    client, by = site.app.test_client(), By("company", site.company_id, "user:1")
    for number in range(2):
        with site.runtime.begin() as tx:
            need = introductions.open_need(tx, programme.id, Need("獣医"), by)
        headers = {"Authorization": f"Bearer {site.api_key}", "Idempotency-Key": f"p{number}"}
        path = f"/api/v1/agency/introductions/{need.id}/proposal"
        assert client.post(path, json=given, headers=headers).status_code == 200
    with site.runtime.begin() as tx:
        introductions.accept(tx, need.id, by)
    Runner(site.runtime, HANDLERS, "test").drain()


@pytest.fixture
def desk(site: Site) -> Iterator[Receiver]:
    """The agency's own server, which is told everything."""
    allowed = Webhook(allow_networks=(ip_network("127.0.0.0/8"),), timeout_s=5)
    settings = site.runtime.settings.model_copy(update={"webhook": allowed})
    site.runtime = replace(site.runtime, settings=settings)
    context.attach(site.app, site.runtime)
    with receiver() as running, site.runtime.begin() as tx:
        webhooks.put(tx, site.agency_id, running.url, actor="test")
        tx.session.commit()
        yield running


def tell_everything_again(site: Site) -> int:
    """Let the webhook send each event that there ever was; returns how many."""
    with site.runtime.begin() as tx:
        told = agency_events.latest(tx, site.agency_id, 100)
        for event in told:
            webhooks.resend(tx, site.agency_id, event.id, actor="test")
    Runner(site.runtime, HANDLERS, "test").drain()
    return len(told)


def exports(site: Site, directory: Path) -> None:
    """Everything that the installation can write about its people and books, made now."""
    today = site.clock.now().date()
    with site.runtime.read() as tx:
        period = evidence.Period(today - timedelta(days=30), today + timedelta(days=1))
        evidence.for_period(tx, site.company_id, period, directory / "evidence")
        [programme] = programmes.of_company(tx, site.company_id)
        export_books(tx, [programme.id], directory / "ledger")
        for month in statements.available_months(tx, programme.id, 24):
            for file in statement_files.attachments(statements.statement(tx, programme.id, month), "ja"):
                (directory / file.name).write_bytes(file.content)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {**story.PROFILE, "wanted_job": JOB, "skills": SKILL}
    monkeypatch.setattr(story, "PROFILE", words)


@pytest.mark.usefixtures("planted")
def test_nothing_of_an_erased_person_can_be_found(
    site: Site, desk: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    live_through(site)
    before = in_database(site.runtime)
    # The same search finds the person now: below it could fail.
    assert {("person_mail", "sealed"), ("registration", "profile_sealed"), ("registration", "contact_sealed"),
            ("outgoing", "raw_sealed"), ("mail_copy", "opened"), ("introduction", "identity_sealed"),
            ("introduction", "summary_sealed"), RECORD} <= before  # fmt: skip
    assert any(SKILL in got.body.decode() for got in desk.got)
    with site.runtime.read() as tx:
        [person_id] = tx.session.scalars(select(PersonRow.id)).all()
        held = person_file.as_json(person_file.file_of(tx, person_id))
    assert all(word in held for word in ("api_replay", SUMMARY, JOB, PHONE))
    manage = next(one for one in story.letters(site) if one.recipient == CANDIDATE).link("/m/")
    browser = site.stranger()
    browser.open(manage)
    erase(browser)
    with site.runtime.read() as tx:  # at once, not only when their day is over
        assert tx.session.scalar(select(func.count()).select_from(ApiReplay)) == 0
        states = set(tx.session.scalars(select(IntroductionRow.state)))
    assert states == {"accepted_by_company", "declined_by_candidate"}
    desk.got.clear()
    assert tell_everything_again(site) >= 8
    assert desk.got
    assert not [got for got in desk.got if any(word in got.body.decode() for word in PLANTED)]
    settle(site.runtime)
    runner = Runner(site.runtime, HANDLERS, "test")
    for _ in range(2):
        runner.drain()
        settle(site.runtime)
        site.clock.advance(7 * 86_400)
    purging.run(site.runtime)
    assert in_database(site.runtime) == {RECORD}
    exports(site, tmp_path / "exports")
    compact(site.runtime)
    assert in_files(tmp_path) == set()
    assert not [line for line in log_lines(caplog) if any(word in line for word in PLANTED)]
    with site.runtime.read() as tx:
        assert tx.session.scalars(select(PersonRow)).one().erased_at is not None


def erase(browser: Any) -> None:
    """Press the last button of the candidate's own page, as its form stands."""
    [form] = [form for form in browser.page.forms if form.action.endswith("/erase")]
    browser.press(form.buttons[0].text, sure="1")
    assert browser.status == 200


def compact(runtime: Runtime) -> None:
    """SQLite: what the write-ahead log still remembers goes with the next checkpoint, as the sweeper makes it."""
    from gateway.store import retention as mail_floor

    assert mail_floor.truncate_log(runtime)


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.getMessage()} {vars(record)}" for record in caplog.records if not record.name.startswith("tests")]
