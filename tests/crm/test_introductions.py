"""From a need to a hire: every step moves the flow and the book together, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from core.errors import NotFound
from core.runtime import Runtime, Tx
from crm import persons
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.consents.consent import may_leave
from crm.errors import FormRefused, Refused, WrongState
from crm.rights import withdrawals
from crm.slots import introductions
from crm.slots.introduction_forms import fee_checked, need_checked, proposal_checked
from crm.slots.introduction_states import (
    Act,
    State,
)
from crm.slots.introductions import Fee, IntroductionView, Need
from crm.tables import CandidateRow, IntroductionRow
from ledger import book
from tests.crm.slots import (
    DAY_S,
    NEED,
    PROPOSAL,
    accepted,
    agency,
    agree,
    asked,
    balance,
    company,
    earn,
    proposed,
    scheduled,
)
from tests.crm.world import COMPANY, Parties, clock_of, database_bytes, mails, parties
from tests.ledger.processes import together

CONTACT = "jinji@example.jp"
AGENCY_MAIL = "inbox@agency.example.com"


def with_a_slot(runtime: Runtime) -> Parties:
    """Ten credits that are beyond dispute: one slot."""
    found = parties(runtime, replace(COMPANY, contact_mail=CONTACT))
    earn(runtime, found)
    clock_of(runtime).advance(8 * DAY_S)
    return found


@pytest.fixture
def made(runtime: Runtime) -> Parties:
    return with_a_slot(runtime)


def test_a_slot_goes_from_need_to_hire(any_runtime: Runtime) -> None:
    runtime, made = any_runtime, with_a_slot(any_runtime)
    one = scheduled(runtime, made)
    assert balance(runtime, made).slots_reserved == 1
    clock_of(runtime).advance(2 * DAY_S)
    with runtime.begin() as tx:
        assert introductions.held(tx, one.id, company(made)).state is State.HELD
    assert (balance(runtime, made).slots_reserved, balance(runtime, made).slots_used) == (0, 1)
    with runtime.begin() as tx:
        introductions.offered(tx, one.id, company(made))
        introductions.hired(tx, one.id, Fee(basis_yen=5_123_457, rate_bp=3_500), agency(made))
        done = introductions.retained(tx, one.id, company(made))
    assert (done.state, done.fee_waived_yen) == (State.RETAINED, 1_793_209)
    assert balance(runtime, made).slots_used == 1
    agree(runtime)


def test_without_a_free_slot_a_need_cannot_be_stated(runtime: Runtime, made: Parties) -> None:
    asked(runtime, made)
    with pytest.raises(book.NotEnoughCredits), runtime.begin() as tx:
        introductions.open_need(tx, made.programme_id, NEED, company(made))
    with runtime.read() as tx:
        assert len(introductions.for_company(tx, made.company_id)) == 1
    agree(runtime)


def test_the_same_form_sent_twice_reserves_one_slot(runtime: Runtime, made: Parties) -> None:
    earn(runtime, made, 10, first=10)
    with runtime.begin() as tx:
        first = introductions.open_need(tx, made.programme_id, NEED, company(made), introduction_id="form-1")
        again = introductions.open_need(tx, made.programme_id, NEED, company(made), introduction_id="form-1")
    assert first == again
    assert balance(runtime, made).slots_reserved == 1


def test_the_same_form_sent_by_many_at_once_reserves_one_slot(pg_runtime: Runtime) -> None:
    made = with_a_slot(pg_runtime)
    earn(pg_runtime, made, 30, first=10)

    def press(runtime: Runtime, _: int) -> None:
        with runtime.begin() as tx:
            introductions.open_need(tx, made.programme_id, NEED, company(made), introduction_id="form-1")

    together(pg_runtime, 4, press)
    assert balance(pg_runtime, made).slots_reserved == 1
    agree(pg_runtime)


@pytest.mark.parametrize("by_candidate", [True, False])
def test_a_no_before_the_interview_gives_the_slot_back(runtime: Runtime, made: Parties, by_candidate: bool) -> None:
    one = scheduled(runtime, made)
    with runtime.begin() as tx:
        done = introductions.decline(tx, one.id, company(made), by_candidate=by_candidate)
    assert done.ended_at is not None
    assert (balance(runtime, made).slots_free, balance(runtime, made).slots_reserved) == (1, 0)
    agree(runtime)
    asked(runtime, made)  # and it can be used again


def test_an_agency_alone_cannot_say_that_an_interview_was_held(runtime: Runtime, made: Parties) -> None:
    one = scheduled(runtime, made)
    with runtime.begin() as tx, pytest.raises(WrongState) as refusal:
        introductions.schedule(tx, one.id, tx.now, agency(made))
    assert refusal.value.code == "in_the_past"
    with runtime.begin() as tx:
        introductions.schedule(tx, one.id, tx.now, company(made))  # an interview that was held before it was noted
    agree(runtime)


def test_who_does_not_come_costs_no_slot_and_who_declines_an_offer_does(runtime: Runtime, made: Parties) -> None:
    earn(runtime, made, 10, first=10)
    missed, met = scheduled(runtime, made), None
    clock_of(runtime).advance(8 * DAY_S)
    with runtime.begin() as tx:
        introductions.no_show(tx, missed.id, agency(made))
    met = scheduled(runtime, made)
    clock_of(runtime).advance(2 * DAY_S)
    with runtime.begin() as tx:
        introductions.held(tx, met.id, agency(made))
        introductions.offered(tx, met.id, company(made))
        introductions.close(tx, met.id, agency(made))
    assert (balance(runtime, made).slots_free, balance(runtime, made).slots_used) == (1, 1)
    agree(runtime)


def test_an_interview_within_the_dispute_window_uses_the_slot_when_the_window_is_over(any_runtime: Runtime) -> None:
    runtime, made = any_runtime, parties(any_runtime)
    earn(runtime, made)
    one = scheduled(runtime, made)
    clock_of(runtime).advance(2 * DAY_S)
    with runtime.begin() as tx:
        introductions.held(tx, one.id, company(made))
    assert balance(runtime, made).slots_reserved == 1
    with runtime.begin() as tx:
        assert introductions.unsettled(tx) == [one.id]
        assert not introductions.settle(tx, one.id)
    agree(runtime)
    clock_of(runtime).advance(6 * DAY_S)
    with runtime.begin() as tx:
        assert introductions.settle(tx, one.id)
        assert not introductions.settle(tx, one.id)
        assert introductions.unsettled(tx) == []
    assert balance(runtime, made).slots_used == 1
    agree(runtime)


@pytest.mark.parametrize("early_s", [DAY_S, 60, 1, 0.001])
def test_an_interview_is_held_only_after_its_time(runtime: Runtime, made: Parties, early_s: float) -> None:
    """To the moment: its time and ours are read from the same clock, so there is none to make allowances for."""
    one = scheduled(runtime, made)
    clock_of(runtime).advance(DAY_S - early_s)
    for by in (company(made), agency(made)):
        with pytest.raises(WrongState, match="not come"), runtime.begin() as tx:
            introductions.held(tx, one.id, by)
    assert balance(runtime, made).slots_reserved == 1
    clock_of(runtime).advance(early_s)
    with runtime.begin() as tx:
        assert introductions.held(tx, one.id, company(made)).held_at == tx.now


@pytest.mark.parametrize("by_candidate", [True, False])
def test_once_its_time_has_come_an_interview_was_held_or_not(
    runtime: Runtime, made: Parties, by_candidate: bool
) -> None:
    """Who met somebody and says "declined" would have the slot back."""
    one = scheduled(runtime, made)
    assert not {Act.HELD, Act.NO_SHOW} & set(one.acts)
    with pytest.raises(WrongState) as refusal, runtime.begin() as tx:
        introductions.no_show(tx, one.id, company(made))
    assert refusal.value.code == "too_early"
    clock_of(runtime).advance(DAY_S)
    with pytest.raises(WrongState) as refusal, runtime.begin() as tx:
        introductions.decline(tx, one.id, company(made), by_candidate=by_candidate)
    assert refusal.value.code == "interview_over"
    with runtime.read() as tx:
        acts = introductions.get(tx, "company", made.company_id, one.id).acts
    assert set(acts) == {Act.SCHEDULE, Act.HELD, Act.NO_SHOW}
    assert balance(runtime, made).slots_reserved == 1
    agree(runtime)


def test_the_company_learns_who_it_is_only_when_it_accepts(runtime: Runtime, made: Parties) -> None:
    one = proposed(runtime, made)
    with runtime.read() as tx:
        seen = introductions.get(tx, "company", made.company_id, one.id)
        own = introductions.get(tx, "agency", made.agency_id, one.id)
    assert (seen.summary, seen.identity) == (PROPOSAL.summary, None)
    assert own.identity is not None
    with runtime.begin() as tx:
        seen = introductions.accept(tx, one.id, company(made))
    assert seen.identity is not None
    assert (seen.identity.name, seen.identity.mail) == (PROPOSAL.name, PROPOSAL.mail)


def test_the_introduced_person_enters_as_a_candidate_from_the_slot(runtime: Runtime, made: Parties) -> None:
    one = accepted(runtime, made)
    with runtime.read() as tx:
        [candidate] = tx.session.scalars(select(CandidateRow))
        assert (candidate.source, candidate.source_ref) == ("relay_slot", one.id)
        assert persons.find(tx, made.company_id, PROPOSAL.mail) == candidate.person_id


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"agreed_on": None}, "agreed_on", "no_agreement"),
        ({"agreed_on": date(2027, 1, 1)}, "agreed_on", "no_agreement"),
        ({"summary": " \n"}, "summary", "required"),
        ({"summary": "見本太郎さんをご紹介します。"}, "summary", "names_person"),
        ({"summary": "連絡先は TARO.MIHON@example.org です"}, "summary", "names_person"),
        ({"name": ""}, "name", "required"),
        ({"mail": "nobody"}, "mail", "mail_wrong"),
        ({"summary": "長" * 4001}, "summary", "too_long"),
    ],
)
def test_a_person_is_introduced_only_with_agreement_and_without_a_name_in_the_summary(
    change: dict[str, object], field: str, code: str
) -> None:
    with pytest.raises(FormRefused) as refused:
        proposal_checked(replace(PROPOSAL, **change), date(2026, 11, 21))  # type: ignore[arg-type]
    assert (field, code) in [(problem.field, problem.code) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("need", "field", "code"),
    [
        (Need(""), "job", "required"),
        (Need("営業", pay_from_yen=5, pay_to_yen=4), "pay_to_yen", "order"),
        (Need("営業", pay_from_yen=-1), "pay_from_yen", "out_of_range"),
        (Need("営" * 201), "job", "too_long"),
    ],
)
def test_a_need_with_problems_is_refused(need: Need, field: str, code: str) -> None:
    with pytest.raises(FormRefused) as refused:
        need_checked(need)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [(field, code)]


@pytest.mark.parametrize("fee", [Fee(), Fee(basis_yen=1), Fee(1, 1, 1), Fee(1, 10_001), Fee(amount_yen=-1)])
def test_a_hire_names_its_fee_in_one_way(fee: Fee) -> None:
    with pytest.raises(FormRefused):
        fee_checked(fee)


def test_what_is_refused_changes_nothing(runtime: Runtime, made: Parties) -> None:
    need = asked(runtime, made)
    with pytest.raises(FormRefused), runtime.begin() as tx:
        introductions.propose(tx, made.agency_id, need.id, replace(PROPOSAL, agreed_on=None))
    with runtime.read() as tx:
        assert introductions.get(tx, "agency", made.agency_id, need.id) == replace(need, acts=(Act.PROPOSE, Act.CLOSE))


def test_a_sum_in_yen_is_a_fee_too(runtime: Runtime, made: Parties) -> None:
    one = scheduled(runtime, made)
    clock_of(runtime).advance(2 * DAY_S)
    with runtime.begin() as tx:
        introductions.held(tx, one.id, company(made))
        done = introductions.hired(tx, one.id, Fee(amount_yen=900_000), company(made))
    assert (done.fee_waived_yen, done.fee_rate_bp) == (900_000, None)


def test_nobody_else_sees_or_moves_an_introduction(runtime: Runtime) -> None:
    found = parties(runtime)
    earn(runtime, found)
    one = proposed(runtime, found)
    with runtime.begin() as tx:
        other = agencies.add(
            tx, found.company_id, NewAgency("べつの紹介", "27-ユ-300002", date(2028, 3, 31), "other@agency.example.org")
        ).agency.id
        assert introductions.for_agency(tx, other) == []
    acts: tuple[Callable[[Tx], object], ...] = (
        lambda tx: introductions.get(tx, "agency", other, one.id),
        lambda tx: introductions.no_show(tx, one.id, introductions.by_agency(other)),
        lambda tx: introductions.accept(tx, one.id, replace(company(found), owner_id=found.company_id + 1)),
    )
    for act in acts:
        with pytest.raises(NotFound), runtime.begin() as tx:
            act(tx)
    with pytest.raises(WrongState), runtime.begin() as tx:
        introductions.accept(tx, one.id, agency(found))


def test_without_a_licence_nothing_is_asked_or_proposed(runtime: Runtime) -> None:
    found = parties(runtime)
    earn(runtime, found, 20)
    need = asked(runtime, found)
    with runtime.begin() as tx:
        agencies.suspend(tx, found.agency_id)
    with pytest.raises(Refused, match="licence"), runtime.begin() as tx:
        introductions.propose(tx, found.agency_id, need.id, PROPOSAL)
    with pytest.raises(Refused, match="licence"), runtime.begin() as tx:
        introductions.open_need(tx, found.programme_id, NEED, company(found))


def test_each_step_is_told_to_the_other_side_and_no_mail_says_who(runtime: Runtime, made: Parties) -> None:
    one = scheduled(runtime, made)
    told = [(mail.recipient, mail.subject) for mail in mails(runtime)]
    assert [recipient for recipient, _ in told] == [
        "inbox@agency.example.com",
        CONTACT,
        *["inbox@agency.example.com"] * 2,
    ]
    assert "法人営業" in told[0][1]
    for mail in mails(runtime):
        assert not any(
            word in mail.body + mail.subject for word in ("見本", "taro.mihon", "0001", PROPOSAL.summary[:6])
        )
        assert mail.gate_ref is not None
    with runtime.begin() as tx:
        assert all(may_leave(tx, mail.gate_ref or "") for mail in mails(runtime))
        agencies.suspend(tx, made.agency_id)
        assert not may_leave(tx, f"introduction:{one.id}:agency")


def test_who_was_introduced_is_sealed_and_forgotten(runtime: Runtime) -> None:
    found = parties(runtime)
    earn(runtime, found, 20)
    turned_down = proposed(runtime, found)
    assert "見本 太郎".encode() not in database_bytes(runtime)
    with runtime.begin() as tx:
        introductions.decline(tx, turned_down.id, company(found), by_candidate=False)
    assert _identity(runtime, turned_down) == (None, None)
    met = accepted(runtime, found)
    with runtime.begin() as tx:
        introductions.decline(tx, met.id, agency(found), by_candidate=True)
        assert introductions.purge(tx) == 0
    clock_of(runtime).advance(181 * DAY_S)
    with runtime.begin() as tx:
        assert introductions.purge(tx) == 1
    assert _identity(runtime, met) == (None, None)


def test_erasure_takes_the_person_and_leaves_the_numbers(runtime: Runtime) -> None:
    found = parties(runtime)
    earn(runtime, found)
    one = accepted(runtime, found)
    with runtime.begin() as tx:
        person_id = persons.find(tx, found.company_id, PROPOSAL.mail)
        assert person_id is not None
        withdrawals.erase_person(tx, person_id, actor="user:1")
    assert _identity(runtime, one) == (None, None)
    assert balance(runtime, found).slots_reserved == 1


def _identity(runtime: Runtime, one: IntroductionView) -> tuple[bytes | None, bytes | None]:
    with runtime.read() as tx:
        row = tx.session.get_one(IntroductionRow, one.id)
        return row.identity_sealed, row.summary_sealed


def test_flow_and_book_apart_are_found(runtime: Runtime) -> None:
    """The check has teeth: a slot settled behind the flow's back is named."""
    found = parties(runtime)
    earn(runtime, found)
    one = asked(runtime, found)
    with runtime.begin() as tx:
        book.release(tx, one.id, "user:1")
        assert introductions.apart(tx) == [f"introduction {one.id} is requested, its slot released"]
