"""The monthly statement: the numbers of the book, once to each side, provable later, and nobody in it."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from pypdf import PdfReader

from core import jobs, outbox
from core.errors import ConfigError, NotFound
from core.jobs import Claimed
from core.lang import Lang
from core.runtime import Runtime
from crm.registry import programmes
from crm.slots import introductions, slot_care, statement_files, statement_pdf, statements
from crm.slots.statements import Statement
from ledger import book
from ledger.reservations import SlotState
from tests.crm.slots import DAY_S, asked, company, earn, scheduled
from tests.crm.world import AGENCY, COMPANY, Parties, clock_of, parties

CONTACT = "jinji@example.jp"


def go_to(runtime: Runtime, *day: int) -> None:
    """Move the clock on to noon of that day in Japan."""
    until = datetime(*day, 3, tzinfo=UTC)  # type: ignore[misc,arg-type]
    clock_of(runtime).advance((until - runtime.clock.now()).total_seconds())


@pytest.fixture
def made(runtime: Runtime) -> Parties:
    """November: 12 earned, 1 taken back, a slot reserved. December: the slot is used, 10 more earned, 2 by hand."""
    found = parties(runtime, replace(COMPANY, contact_mail=CONTACT))
    earn(runtime, found, 12)
    with runtime.begin() as tx:
        book.reverse(tx, found.programme_id, "r11", "fraud", "user:1")
    one = scheduled(runtime, found)
    go_to(runtime, 2026, 12, 3)
    with runtime.begin() as tx:
        introductions.held(tx, one.id, company(found))
    earn(runtime, found, 10, first=20)
    with runtime.begin() as tx:
        book.adjust(tx, found.programme_id, 2, reason="correction", actor="user:1", approver="user:2")
    go_to(runtime, 2027, 2, 1)
    return found


def of(runtime: Runtime, made: Parties, name: str) -> Statement:
    with runtime.read() as tx:
        return statements.statement(tx, made.programme_id, name)


def test_months_follow_each_other_and_add_up(runtime: Runtime, made: Parties) -> None:
    november, december, january = (of(runtime, made, name) for name in ("2026-11", "2026-12", "2027-01"))
    assert (november.opening.available, november.closing.available) == (0, 1)
    assert (november.month.earned, november.month.reversed, november.month.moved_to_slots) == (12, 1, 10)
    assert (november.granted, november.closing.slots_reserved) == (1, 1)
    assert december.opening.available == november.closing.available
    assert (december.month.earned, december.month.adjusted, december.closing.available) == (10, 2, 13)
    assert (december.month.used, december.closing.slots_used, december.closing.slots_free) == (1, 1, 1)
    assert (january.opening, january.month.earned) == (december.closing, 0)
    assert january.head.head == december.head.head
    for one in (november, december, january):
        month = one.month
        total = one.opening.available + month.earned - month.reversed + month.adjusted - month.moved_to_slots
        assert total == one.closing.available
        assert one.head.is_genuine()


def test_a_slot_stands_as_it_stood_at_the_end_of_the_month(runtime: Runtime, made: Parties) -> None:
    [november] = of(runtime, made, "2026-11").slots
    [december] = of(runtime, made, "2026-12").slots
    assert (november.state, november.settled_on) == (SlotState.RESERVED, None)
    assert december.state is SlotState.REDEEMED
    assert of(runtime, made, "2027-01").slots == ()


@pytest.mark.parametrize("name", ["2027-02", "2027-13", "soon", "2026-1"])
def test_a_month_that_is_not_over_or_none_has_no_statement(runtime: Runtime, made: Parties, name: str) -> None:
    with pytest.raises(ConfigError):
        of(runtime, made, name)


def test_a_book_that_began_later_has_none(runtime: Runtime, made: Parties) -> None:
    with pytest.raises(NotFound):
        of(runtime, made, "2026-10")
    with runtime.read() as tx:
        assert statements.available_months(tx, made.programme_id, 12) == ["2027-01", "2026-12", "2026-11"]
        assert statements.available_months(tx, made.programme_id, 2) == ["2027-01", "2026-12"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_paper_and_file_say_the_same_and_name_nobody(runtime: Runtime, made: Parties, lang: Lang) -> None:
    one = of(runtime, made, "2026-12")
    table = statement_files.csv(one, lang)
    assert table.startswith(b"\xef\xbb\xbf")
    values = {row[0]: row[2] for row in csv.reader(io.StringIO(table.decode("utf-8-sig")))}
    assert (values["opening"], values["earned"], values["closing"], values["slots_used"]) == ("1", "10", "13", "1")
    assert (values["head"], values["last_seq"]) == (one.head.head, str(one.head.seq))
    pdf = statement_pdf.render(one, lang)
    assert pdf == statement_pdf.render(one, lang)
    [*pages] = PdfReader(io.BytesIO(pdf)).pages
    text = "".join(page.extract_text() for page in pages)
    assert COMPANY.name in text
    assert one.head.head[:8] in text
    for secret in ("見本 太郎", "taro.mihon", "r20"):
        assert secret not in text
        assert secret.encode() not in table


def sent(runtime: Runtime) -> list[EmailMessage]:
    with runtime.begin() as tx:
        found = [mail for mail in outbox.waiting(tx, 1000) if "明細書" in str(_parsed(mail.raw)["Subject"])]
    return [_parsed(mail.raw) for mail in found]


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def test_each_side_gets_it_once_with_both_files(runtime: Runtime, made: Parties) -> None:
    job = Claimed(1, statement_files.STATEMENTS_JOB, "k", {"month": "2026-12"}, 1, "test")
    statement_files.send_all(runtime, job)
    statement_files.send_all(runtime, job)
    mails = sent(runtime)
    assert {str(mail["To"]) for mail in mails} == {CONTACT, AGENCY.mail}
    assert len(mails) == 2
    for mail in mails:
        pdf, table = mail.iter_attachments()
        assert (pdf.get_content_type(), table.get_content_type()) == ("application/pdf", "text/csv")
        name = f"careerrelay-statement-{made.programme_id}-2026-12"
        assert (pdf.get_filename(), table.get_filename()) == (f"{name}.pdf", f"{name}.csv")
        body = mail.get_body(("plain",))
        assert body is not None
        assert "期末のカウント: 13" in body.get_content()


def test_the_job_is_written_on_the_first_morning_of_the_next_month_and_once(runtime: Runtime) -> None:
    clock = clock_of(runtime)
    go_to(runtime, 2026, 11, 30)
    with runtime.begin() as tx:
        assert not statement_files.enqueue_due(tx)  # nobody has a book yet
    parties(runtime)
    with runtime.begin() as tx:
        assert statement_files.enqueue_due(tx)  # October's, long due
        assert not statement_files.enqueue_due(tx)
    clock.advance(timedelta(hours=20, minutes=59).total_seconds())
    with runtime.begin() as tx:
        assert not statement_files.enqueue_due(tx)
    clock.advance(60)
    with runtime.begin() as tx:
        assert statement_files.enqueue_due(tx)
        found = jobs.claim(tx, "test", 10, 60.0, [statement_files.STATEMENTS_JOB])
    assert [job.payload for job in found] == [{"month": "2026-10"}, {"month": "2026-11"}]


def test_nothing_goes_out_for_an_empty_book_or_a_contract_that_ended(runtime: Runtime, made: Parties) -> None:
    empty = parties(
        runtime,
        replace(
            COMPANY, name="別会社", sender_domains=("other.example.jp",), recruiting_senders=("a@other.example.jp",)
        ),
        replace(AGENCY, licence_no="27-ユ-300009", mail="nine@agency.example.com"),
    )
    with runtime.begin() as tx:
        programmes.end(tx, made.programme_id, datetime(2026, 12, 31, tzinfo=UTC).date())
        assert statement_files.send(tx, empty.programme_id, "2026-12") == 0
        assert statement_files.send(tx, made.programme_id, "2027-01") == 0
        assert statement_files.send(tx, made.programme_id, "2026-12") == 2


def test_terms_of_the_month_price_its_slots(runtime: Runtime) -> None:
    found = parties(runtime)
    earn(runtime, found, 9)
    with runtime.begin() as tx:
        book.change_policy(
            tx, found.programme_id, threshold=3, actor="user:1", effective_from=tx.now + timedelta(days=20)
        )
    go_to(runtime, 2027, 1, 5)
    assert of(runtime, found, "2026-11").closing.slots_free == 0
    assert of(runtime, found, "2026-12").closing.slots_free == 3


def test_a_free_slot_that_waits_half_a_year_is_told_once(runtime: Runtime) -> None:
    found = parties(runtime, replace(COMPANY, contact_mail=CONTACT))
    earn(runtime, found, 10)

    def told(days: float) -> bool:
        clock_of(runtime).advance(days * DAY_S)
        with runtime.begin() as tx:
            return slot_care.remind(tx, found.programme_id)

    assert [told(179), told(2), told(1), told(170), told(10)] == [False, True, False, False, True]
    asked(runtime, found)
    assert not told(400)
