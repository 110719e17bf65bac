"""What the ATS says: the newest word of each application holds, and an open one elsewhere speaks against a link."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runtime import Runtime
from crm import notices, persons, signals
from crm.signals import SignalRow, summarise
from rules.model import LIVE_STATUSES, AtsStatus
from tests.conftest import START
from tests.crm.world import clock_of, dump, offer, parties

MAIL = "hanako.mihon@example.com"
S = AtsStatus


def row(status: AtsStatus, days_ago: float, application: str = "", source: str = "csv") -> SignalRow:
    return SignalRow(source, MAIL, status, START - timedelta(days=days_ago), application)


@pytest.mark.parametrize(
    ("rows", "status", "contrary", "application"),
    [
        ([row(S.REJECTED, 2)], S.REJECTED, False, ""),
        ([row(S.IN_PROCESS, 9), row(S.REJECTED, 2)], S.REJECTED, False, ""),
        ([row(S.REJECTED, 9), row(S.OFFERED, 2)], S.OFFERED, False, ""),
        ([row(S.REJECTED, 2, "A"), row(S.IN_PROCESS, 9, "B")], S.REJECTED, True, "A"),
        ([row(S.REJECTED, 9, "A"), row(S.ON_HOLD, 2, "B")], S.REJECTED, True, "A"),
        ([row(S.REJECTED, 2, "A"), row(S.WITHDRAWN, 9, "B")], S.REJECTED, False, "A"),
        ([row(S.REJECTED, 2, "A"), row(S.REJECTED, 9, "B")], S.REJECTED, False, "A"),
        ([row(S.IN_PROCESS, 2, "A"), row(S.CLOSED, 1, "B")], S.CLOSED, True, "B"),
        ([row(S.REJECTED, 3, "A", "ats"), row(S.HIRED, 1, "A", "csv")], S.HIRED, False, "A"),
        ([row(S.UNKNOWN, 1, "A")], S.UNKNOWN, False, "A"),
    ],
)
def test_the_answer(rows: list[SignalRow], status: AtsStatus, contrary: bool, application: str) -> None:
    answer = summarise(rows, START)
    assert answer is not None
    assert (answer.status, answer.contrary, answer.application) == (status, contrary, application)
    assert summarise(reversed(rows), START) == answer


@given(st.lists(st.tuples(st.sampled_from(list(S)), st.integers(0, 400), st.sampled_from("ABC")), min_size=1))
def test_a_link_is_never_called_for_while_another_application_is_open(
    drawn: list[tuple[AtsStatus, int, str]],
) -> None:
    rows = [row(status, days, application) for status, days, application in drawn]
    answer = summarise(rows, START)
    assert answer is not None
    newest = {one.application: one.status for one in sorted(rows, key=lambda one: one.changed_at)}
    if answer.status is S.REJECTED and not answer.contrary:
        assert not LIVE_STATUSES & set(newest.values())
    assert answer.age_days >= 0


def test_the_newest_change_wins_and_older_ones_are_refused(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        assert signals.store(tx, made.company_id, row(S.IN_PROCESS, 9))
        assert signals.store(tx, made.company_id, row(S.REJECTED, 2))
        assert not signals.store(tx, made.company_id, row(S.REJECTED, 2))
        assert not signals.store(tx, made.company_id, row(S.OFFERED, 5))
    with any_runtime.read() as tx:
        answer = signals.answer_for(tx, made.company_id, MAIL.upper())
        assert answer is not None
        assert (answer.status, answer.age_days) == (S.REJECTED, 2.0)
        assert signals.answer_for(tx, made.company_id, "other@example.com") is None
        assert signals.answer_for(tx, made.company_id + 1, MAIL) is None


def test_a_file_stores_signals_and_nothing_else(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        signals.store(tx, made.company_id, row(S.REJECTED, 2))
    tables = dump(runtime)
    assert len(tables["ats_signal"]) == 1
    assert [tables[name] for name in ("person", "rejection_notice", "invitation", "outgoing")] == [[], [], [], []]


def test_a_connectors_rejection_expects_the_notice_that_the_mail_then_is(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        signals.store(tx, made.company_id, row(S.REJECTED, 0), expect_notice=True)
    assert dump(runtime)["invitation"] == []
    clock_of(runtime).advance(3 * 86_400)
    made_offer = offer(runtime, made.company_id, MAIL)
    tables = dump(runtime)
    assert len(tables["rejection_notice"]) == 1
    assert made_offer.notice_id in tables["rejection_notice"][0]
    assert "'sent'" in tables["rejection_notice"][0]


@pytest.mark.parametrize(
    ("counts", "cap"), [((), None), ((1, 2, 3), 20), ((10,), 30), ((100, 200), 450), ((7, 7, 7), 21)]
)
def test_the_cap_is_three_times_the_mean_and_at_least_20(counts: tuple[int, ...], cap: int | None) -> None:
    assert notices.cap_from(counts) == cap


def test_the_cap_counts_mails_of_the_companys_own_day(runtime: Runtime) -> None:
    made = parties(runtime)
    for number in range(25):
        offer(runtime, made.company_id, f"person{number}@example.com", mail_id=number)
    offer(runtime, made.company_id, "person0@example.com", mail_id=0)  # the same mail, judged twice
    with runtime.read() as tx:
        assert notices.under_cap(tx, made.company_id), "on the first day there is nothing to compare with"
    clock_of(runtime).set(datetime(2026, 11, 21, 15, 0, tzinfo=UTC))  # midnight in Tokyo
    with runtime.read() as tx:
        assert notices.room(tx, made.company_id, "2026-11-22") == 75
    for number in range(75):
        offer(runtime, made.company_id, f"another{number}@example.com", mail_id=100 + number)
    with runtime.read() as tx:
        assert not notices.under_cap(tx, made.company_id)


def test_people_are_found_by_every_index_key_and_their_addresses_open_again(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        person_id = persons.find_or_add(tx, made.company_id, MAIL)
        assert persons.find_or_add(tx, made.company_id, MAIL.upper()) == person_id
    clock_of(any_runtime).advance(1)
    with any_runtime.begin() as tx:
        assert persons.add_address(tx, person_id, "second@example.org")
        other = persons.find_or_add(tx, made.company_id, "third@example.org")
        assert not persons.add_address(tx, person_id, "third@example.org")
    with any_runtime.read() as tx:
        assert persons.addresses(tx, person_id) == [MAIL, "second@example.org"]
        assert persons.indexes(tx, person_id) == [
            tx.keys.index(made.company_id, MAIL),
            tx.keys.index(made.company_id, "second@example.org"),
        ]
        assert persons.has_address(tx, person_id, "second@EXAMPLE.org")
        assert not persons.has_address(tx, person_id, "third@example.org")
        assert persons.find(tx, made.company_id, "third@example.org") == other
