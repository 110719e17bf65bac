"""Whoever locks several things takes them in one order, so that an erasure never dies of a hand-over beside it.

On PostgreSQL only: SQLite has one writer at a time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.errors import CareerRelayError, NotFound
from core.runtime import Runtime, Tx
from crm import persons
from crm.agency import agencies
from crm.arrival import arrival_answers, arrivals, company_links
from crm.candidate import address_proofs, registrations
from crm.candidate.registrations import Correction
from crm.delivery import hand_overs, referrals
from crm.errors import LinkGone, WrongState
from crm.invitation import opt_outs
from crm.profile.forms import ContactForm
from crm.referral.referral_states import State, locked
from crm.registry import companies
from crm.registry.parties import agency_row
from crm.rights import withdrawals
from crm.slots import introductions
from crm.tables import ArrivalRow, ReferralRow, RegistrationRow
from ledger import book
from tests.crm import slots
from tests.crm.world import (
    AGENCY,
    COMPANY,
    PROFILE,
    Parties,
    clock_of,
    dump,
    hand_over,
    mails_to,
    offer,
    parties,
    referral_ids,
    register,
    shared,
    token_of,
)

MAIL = "hanako.mihon@example.com"
#: Long enough for PostgreSQL to look for a deadlock (`deadlock_timeout` is 1 s).
END_S = 20.0


class Beside:
    """Something that runs in a thread of its own; what it raised comes out at the end."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._error: CareerRelayError | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._act()
        except CareerRelayError as error:  # a deadlock is `Temporary`
            self._error = error

    def end(self) -> None:
        self._thread.join(END_S)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error


def wait_for_a_lock(runtime: Runtime, waiting: int = 1) -> None:
    """Return when so many sessions of this database stand before a lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    end = time.monotonic() + END_S
    while time.monotonic() < end:
        with runtime.db.engine.connect() as connection:
            if connection.scalar(query) == waiting:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def in_tx(runtime: Runtime, act: Callable[[Tx], object]) -> Callable[[], None]:
    def run() -> None:
        with runtime.begin() as tx:
            act(tx)

    return run


def two_registrations(runtime: Runtime, made: Parties) -> tuple[str, str]:
    """A person who registered a year apart: the first profile is at the agency, the second on its way."""
    _, first = shared(runtime, made)
    clock_of(runtime).advance(timedelta(days=366).total_seconds())
    done = register(runtime, offer(runtime, made.company_id, MAIL, mail_id=2), MAIL, "profile")
    clock_of(runtime).advance(timedelta(hours=2).total_seconds())
    [second] = referral_ids(runtime, done.registration_id)
    return first, second


@pytest.mark.parametrize("end_it", [withdrawals.erase_person, withdrawals.stop_use])
def test_who_registered_twice_is_erased_beside_a_hand_over(pg_runtime: Runtime, end_it: Callable[..., object]) -> None:
    made = parties(pg_runtime)
    first, second = two_registrations(pg_runtime, made)
    with pg_runtime.read() as tx:
        person_id = persons.find(tx, made.company_id, MAIL) or ""
    with pg_runtime.begin() as tx:
        locked(tx, second)  # the worker has begun the hand-over
        beside = Beside(in_tx(pg_runtime, lambda other: end_it(other, person_id, actor="user:1")))
        wait_for_a_lock(pg_runtime)
        assert hand_overs.share(tx, second)
    beside.end()
    with pg_runtime.read() as tx:
        for referral_id in (first, second):
            row = tx.session.get_one(ReferralRow, referral_id)
            assert (row.state, row.withdrawn_at is not None) == (State.DISQUALIFIED, True)
    assert len(dump(pg_runtime)["recall"]) == 2


def test_a_talk_that_is_agreed_to_waits_for_an_erasure_and_then_finds_nothing(pg_runtime: Runtime) -> None:
    made = parties(pg_runtime)
    done, referral_id = shared(pg_runtime, made)
    with pg_runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
        box = referrals.talk_box(tx, done.manage_token, referral_id, "ja")
        person_id = persons.find(tx, made.company_id, MAIL) or ""
    assert box is not None
    contact, text_sha256 = ContactForm("見本 花子", "090-0000-0000"), box.text_sha256

    def agree(tx: Tx) -> None:
        with pytest.raises((LinkGone, WrongState)):
            referrals.agree_to_talk(tx, done.manage_token, referral_id, contact, text_sha256, "ja")

    with pg_runtime.begin() as tx:
        persons.lock(tx, person_id)  # the erasure has begun
        beside = Beside(in_tx(pg_runtime, agree))
        wait_for_a_lock(pg_runtime)
        withdrawals.erase_person(tx, person_id, actor="user:1")
    beside.end()
    assert not [row for row in dump(pg_runtime)["consent"] if "'contact'" in row]


@pytest.mark.parametrize("act", ["correct", "change the address"])
def test_a_correction_waits_for_an_erasure_before_it_locks_anything(pg_runtime: Runtime, act: str) -> None:
    made = parties(pg_runtime)
    done, _ = shared(pg_runtime, made)
    with pg_runtime.read() as tx:
        person_id = persons.find(tx, made.company_id, MAIL) or ""

    def correct(tx: Tx) -> None:
        with pytest.raises((LinkGone, WrongState)):
            if act == "correct":
                registrations.correct(tx, done.manage_token, Correction(PROFILE))
            else:
                address_proofs.ask_change(tx, done.manage_token, "new@example.org", sure=False)

    with pg_runtime.begin() as tx:
        persons.lock(tx, person_id)  # the erasure has begun
        beside = Beside(in_tx(pg_runtime, correct))
        wait_for_a_lock(pg_runtime)
        # What waits for the person must not hold the registration meanwhile.
        tx.session.execute(select(RegistrationRow.id).with_for_update(nowait=True))
        withdrawals.erase_person(tx, person_id, actor="user:1")
    beside.end()
    assert dump(pg_runtime).get("address_proof", []) == []


@pytest.mark.parametrize("step", ["digits", "answer"])
def test_an_arrival_waits_for_an_erasure_that_forgets_it(pg_runtime: Runtime, step: str) -> None:
    made = parties(pg_runtime)
    with pg_runtime.begin() as tx:
        company_token = token_of(company_links.make(tx, made.company_id, actor="cli").url)
        token = arrivals.begin(tx, company_token, MAIL, sure=False, adult=True, lang="ja", place="192.0.2.0/24")
    code = mails_to(pg_runtime, MAIL)[-1].subject[-6:]
    if step == "answer":
        with pg_runtime.begin() as tx:
            arrivals.check(tx, token, code)
            arrivals.ask_company(tx, token)
    offer(pg_runtime, made.company_id, MAIL)
    with pg_runtime.begin() as tx:
        person_id = persons.find(tx, made.company_id, MAIL) or ""
        [arrival_id] = tx.session.scalars(select(ArrivalRow.id))

    def go_on(tx: Tx) -> None:
        with pytest.raises((LinkGone, NotFound)):
            if step == "digits":
                arrivals.check(tx, token, code)
            else:
                arrival_answers.answer(tx, arrival_id, known=True, actor="user:1")

    with pg_runtime.begin() as tx:
        persons.lock(tx, person_id)
        beside = Beside(in_tx(pg_runtime, go_on))
        wait_for_a_lock(pg_runtime)
        withdrawals.erase_person(tx, person_id, actor="user:1")
    beside.end()


@pytest.mark.parametrize("end_it", [withdrawals.erase_person, withdrawals.stop_use])
def test_who_wants_notes_again_waits_for_the_desk_that_stops_all(
    pg_runtime: Runtime, end_it: Callable[..., object]
) -> None:
    made = parties(pg_runtime)
    invited = offer(pg_runtime, made.company_id, MAIL)
    with pg_runtime.begin() as tx:
        assert opt_outs.stop(tx, token_of(invited.optout_url))
        person_id = persons.find(tx, made.company_id, MAIL) or ""
    answers: list[str | None] = []
    with pg_runtime.begin() as tx:
        persons.lock(tx, person_id)
        beside = Beside(in_tx(pg_runtime, lambda it: answers.append(opt_outs.resume(it, token_of(invited.optout_url)))))
        wait_for_a_lock(pg_runtime)
        end_it(tx, person_id, actor="user:1")
    beside.end()
    assert answers == [None]


def test_codes_for_one_address_are_counted_also_when_asked_for_at_once(pg_runtime: Runtime) -> None:
    made = parties(pg_runtime)
    with pg_runtime.begin() as tx:
        token = token_of(company_links.make(tx, made.company_id, actor="cli").url)

    def ask(tx: Tx) -> None:
        arrivals.begin(tx, token, MAIL, sure=False, adult=True, lang="ja", place="192.0.2.0/24")

    for _ in range(2):
        in_tx(pg_runtime, ask)()
    with pg_runtime.begin() as tx:
        ask(tx)
        beside = Beside(in_tx(pg_runtime, ask))
        wait_for_a_lock(pg_runtime)
    beside.end()
    assert len(mails_to(pg_runtime, MAIL)) == 3


def test_who_leaves_two_agencies_takes_them_in_their_order(pg_runtime: Runtime) -> None:
    """The company's first contract is with the agency of the higher number, and so are its first referrals."""
    with pg_runtime.begin() as tx:
        other_company = companies.add(tx, replace(COMPANY, sender_domains=("example.org",), recruiting_senders=()))
        low = agencies.add(tx, other_company.id, replace(AGENCY, name="別の人材紹介", licence_no="27-ユ-300002"))
    made = parties(pg_runtime)
    with pg_runtime.begin() as tx:
        agencies.add(tx, made.company_id, replace(AGENCY, name="別の人材紹介", licence_no="27-ユ-300002"))
    token = registered_high_first(pg_runtime, made, low.agency.id)
    with pg_runtime.begin() as tx:
        agency_row(tx, low.agency.id, lock=True)
        beside = Beside(in_tx(pg_runtime, lambda mine: registrations.withdraw(mine, token)))
        wait_for_a_lock(pg_runtime)
        agency_row(tx, made.agency_id, lock=True)
    beside.end()
    assert len(dump(pg_runtime)["recall"]) == 2


def test_a_company_that_accepts_a_person_waits_for_an_erasure_and_finds_nobody(pg_runtime: Runtime) -> None:
    made = parties(pg_runtime)
    slots.earn(pg_runtime, made, 20)
    slots.accepted(pg_runtime, made)
    one = slots.proposed(pg_runtime, made)
    with pg_runtime.read() as tx:
        person_id = persons.find(tx, made.company_id, slots.PROPOSAL.mail) or ""

    def accept(tx: Tx) -> None:
        with pytest.raises(WrongState):
            introductions.accept(tx, one.id, slots.company(made))

    with pg_runtime.begin() as tx:
        persons.lock(tx, person_id)
        beside = Beside(in_tx(pg_runtime, accept))
        wait_for_a_lock(pg_runtime)
        withdrawals.erase_person(tx, person_id, actor="user:1")
    beside.end()
    with pg_runtime.read() as tx:
        assert introductions.get(tx, "company", made.company_id, one.id).state == "declined_by_candidate"
    slots.agree(pg_runtime)


@pytest.mark.parametrize("step", ["need", "decline"])
def test_an_introduction_takes_its_agency_before_the_book(pg_runtime: Runtime, step: str) -> None:
    """As an answer does, which tells the agency and then earns the credit."""
    made = parties(pg_runtime)
    slots.earn(pg_runtime, made, 20)
    one = slots.proposed(pg_runtime, made)

    def move(tx: Tx) -> None:
        if step == "need":
            introductions.open_need(tx, made.programme_id, slots.NEED, slots.company(made))
        else:
            introductions.decline(tx, one.id, slots.company(made), by_candidate=False)

    with pg_runtime.begin() as tx:
        agency_row(tx, made.agency_id, lock=True)
        beside = Beside(in_tx(pg_runtime, move))
        wait_for_a_lock(pg_runtime)
        book.adjust(tx, made.programme_id, 1, reason="migration", actor="u:1", approver="u:2")
    beside.end()
    slots.agree(pg_runtime)


def registered_high_first(runtime: Runtime, made: Parties, low: int) -> str:
    """Somebody at both agencies whose first referral is the one to the agency of the higher number (two numbers of one
    millisecond are in no order)."""
    for number in range(20):
        mail = f"person{number}@example.com"
        done = register(runtime, offer(runtime, made.company_id, mail, number), mail, "profile")
        with runtime.read() as tx:
            query = select(ReferralRow.agency_id).where(ReferralRow.registration_id == done.registration_id)
            found = list(tx.session.scalars(query.order_by(ReferralRow.id)))
        if found == [made.agency_id, low]:
            hand_over(runtime)
            return done.manage_token
    raise AssertionError("no such person")
