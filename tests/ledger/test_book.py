"""The book's operations on both databases: what counts, what is repeated, what is refused."""

from datetime import timedelta

import pytest

from core.clock import ManualClock
from core.errors import NotFound, Permanent
from core.runtime import Runtime
from ledger import book
from ledger.book import AlreadyCounted, Earned, NotReversed, Reversed, SlotState, Stays
from ledger.check import check_book
from ledger.reservations import SlotSettled
from ledger.slots import Kind, NotEnoughCredits
from tests.ledger.books import balance, earn, earn_many, open_book

DAY_S = 86400.0


@pytest.fixture
def opened(any_runtime: Runtime) -> Runtime:
    open_book(any_runtime)
    return any_runtime


def reverse(runtime: Runtime, referral: str, reason: str = "duplicate") -> Reversed | NotReversed:
    with runtime.begin() as tx:
        return book.reverse(tx, 1, referral, reason, "agency:1")


def reserve(runtime: Runtime, slot_id: str = "") -> book.Slot:
    with runtime.begin() as tx:
        return book.reserve(tx, 1, "backend engineer", "user:1", slot_id=slot_id)


def redeem(runtime: Runtime, slot_id: str) -> book.Slot:
    with runtime.begin() as tx:
        return book.redeem(tx, slot_id, "user:1")


def release(runtime: Runtime, slot_id: str) -> book.Slot:
    with runtime.begin() as tx:
        return book.release(tx, slot_id, "user:1")


def kinds(runtime: Runtime) -> list[str]:
    with runtime.read() as tx:
        return [entry.kind.value for entry in book.entries(tx, 1)]


def test_a_referral_is_one_credit_and_repeating_it_adds_nothing(opened: Runtime) -> None:
    first = earn(opened, "r1")
    assert first == Earned(1, first.person_ref if isinstance(first, Earned) else "", repeated=False)
    again = earn(opened, "r1")
    assert isinstance(again, Earned)
    assert again.repeated
    assert again.seq == 1
    assert (balance(opened).earned, balance(opened).available) == (1, 1)


def test_the_book_knows_nothing_of_a_person_but_a_random_id(opened: Runtime) -> None:
    found = earn(opened, "r1", "i1:0123456789abcdef")
    assert isinstance(found, Earned)
    with opened.read() as tx:
        body = book.entries(tx, 1)[0].body()
    assert b"0123456789abcdef" not in body
    assert found.person_ref.encode() in body


@pytest.mark.parametrize(
    ("second", "programme", "company", "days", "counts"),
    [
        (["i1:a"], 1, 1, 0, False),
        (["i1:a"], 1, 1, 364.9, False),
        (["i1:a"], 1, 1, 365, True),
        (["i2:a", "i1:a"], 1, 1, 10, False),  # a new index key: every key's index is asked for
        (["i1:b"], 1, 1, 0, True),
        (["i1:a"], 2, 1, 0, False),  # another agency of the same company
        (["i1:a"], 3, 2, 0, True),  # another company
    ],
)
def test_a_person_counts_once_per_company_within_365_days(
    opened: Runtime, clock: ManualClock, second: list[str], programme: int, company: int, days: float, counts: bool
) -> None:
    open_book(opened, 2)
    open_book(opened, 3)
    earn(opened, "first", "i1:a")
    clock.advance(days * DAY_S)
    found = earn(opened, "second", *second, programme=programme, company=company)
    assert isinstance(found, Earned if counts else AlreadyCounted)
    assert balance(opened, programme).earned == (
        2 if counts and programme == 1 else 1 if counts or programme == 1 else 0
    )


def test_a_second_address_that_once_came_with_the_first_does_not_count_alone(opened: Runtime) -> None:
    earn(opened, "r1", "i1:work")
    assert isinstance(earn(opened, "r2", "i1:work", "i1:home"), AlreadyCounted)
    assert isinstance(earn(opened, "r3", "i1:home"), AlreadyCounted)


def test_a_referral_without_person_or_without_book_is_refused(opened: Runtime) -> None:
    with opened.begin() as tx, pytest.raises(ValueError):
        book.earn(tx, programme_id=1, referral_id="r1", company_id=1, subject_indexes=[])
    with pytest.raises(NotFound):
        earn(opened, "r1", programme=99)
    with opened.read() as tx, pytest.raises(NotFound):
        book.balance(tx, 99)


def test_opening_a_book_twice_is_harmless_and_other_terms_are_refused(opened: Runtime) -> None:
    open_book(opened)
    with pytest.raises(Permanent):
        open_book(opened, threshold=12)
    assert balance(opened).price == 10


@pytest.mark.parametrize("slots", [6, pytest.param(60, marks=pytest.mark.torture)])
def test_every_ten_counted_referrals_make_a_slot(opened: Runtime, slots: int) -> None:
    earn_many(opened, 10 * slots)
    assert (balance(opened).slots_free, balance(opened).progress) == (slots, 0)
    for number in range(slots):
        reserve(opened, f"slot{number}")
    with pytest.raises(NotEnoughCredits, match="10 more credits"):
        reserve(opened)
    assert (balance(opened).slots_reserved, balance(opened).available) == (slots, 0)
    with opened.begin() as tx:
        assert check_book(tx, 1).ok


def test_ten_credits_are_reserved_once(opened: Runtime) -> None:
    earn_many(opened, 19)
    slot = reserve(opened, "s1")
    assert reserve(opened, "s1") == slot
    with pytest.raises(NotEnoughCredits, match="1 more credits"):
        reserve(opened)
    with opened.begin() as tx, pytest.raises(Permanent):
        book.reserve(tx, 1, "another need", "user:1", slot_id="s1")
    assert kinds(opened).count("reserve") == 1


def test_a_young_credit_can_be_reserved_but_not_redeemed(opened: Runtime, clock: ManualClock) -> None:
    earn_many(opened, 9)
    clock.advance(DAY_S)
    earn_many(opened, 1)
    slot = reserve(opened)
    clock.advance(6.9 * DAY_S)
    with pytest.raises(book.TooYoung):
        redeem(opened, slot.id)
    clock.advance(0.1 * DAY_S)
    assert redeem(opened, slot.id).state is SlotState.REDEEMED
    assert (balance(opened).slots_used, balance(opened).consumed) == (1, 10)


def test_the_oldest_credits_pay_first(opened: Runtime, clock: ManualClock) -> None:
    earn_many(opened, 10)
    clock.advance(8 * DAY_S)
    earn_many(opened, 10)
    first, second = reserve(opened), reserve(opened)
    assert redeem(opened, second.id).state is SlotState.REDEEMED
    with pytest.raises(book.TooYoung):
        redeem(opened, first.id)


def test_a_slot_whose_old_credit_was_taken_back_waits_for_another_old_one(opened: Runtime, clock: ManualClock) -> None:
    referrals = earn_many(opened, 10)
    clock.advance(8 * DAY_S)
    slot = reserve(opened)
    assert isinstance(reverse(opened, referrals[0], "fraud"), Reversed)
    earn_many(opened, 1)
    with pytest.raises(book.TooYoung):
        redeem(opened, slot.id)
    clock.advance(7 * DAY_S)
    assert redeem(opened, slot.id).state is SlotState.REDEEMED


def test_a_slot_is_settled_once(opened: Runtime, clock: ManualClock) -> None:
    earn_many(opened, 20)
    clock.advance(8 * DAY_S)
    used, given_back = reserve(opened), reserve(opened)
    assert redeem(opened, used.id) == redeem(opened, used.id)
    assert release(opened, given_back.id) == release(opened, given_back.id)
    with pytest.raises(SlotSettled):
        release(opened, used.id)
    with pytest.raises(SlotSettled):
        redeem(opened, given_back.id)
    with pytest.raises(NotFound):
        redeem(opened, "nowhere")
    found = balance(opened)
    assert (found.slots_used, found.slots_reserved, found.slots_free) == (1, 0, 1)
    with opened.read() as tx:
        assert {slot.state for slot in book.slots(tx, 1)} == {SlotState.REDEEMED, SlotState.RELEASED}


def test_a_duplicate_is_taken_back_within_the_dispute_window_only(opened: Runtime, clock: ManualClock) -> None:
    earn(opened, "r1")
    clock.advance(6 * DAY_S)
    earn(opened, "r2")
    taken = reverse(opened, "r1")
    assert taken == Reversed(3, repeated=False)
    assert reverse(opened, "r1") == Reversed(3, repeated=True)
    clock.advance(8 * DAY_S)
    assert reverse(opened, "r2") == NotReversed(Stays.DISPUTE_WINDOW_OVER)
    assert reverse(opened, "r2", "withdrawn") == NotReversed(Stays.WITHDRAWN_AFTER_ACKNOWLEDGEMENT)
    assert reverse(opened, "never") == NotReversed(Stays.NOT_COUNTED)
    assert (balance(opened).earned, balance(opened).reversed, balance(opened).available) == (2, 1, 1)


def test_whose_credit_was_taken_back_may_count_another_time(opened: Runtime) -> None:
    earn(opened, "r1", "i1:a")
    reverse(opened, "r1")
    assert isinstance(earn(opened, "r2", "i1:a"), Earned)
    assert isinstance(earn(opened, "r3", "i1:a"), AlreadyCounted)


def test_a_reversal_after_use_is_a_debt_that_the_next_referrals_pay(opened: Runtime, clock: ManualClock) -> None:
    referrals = earn_many(opened, 10)
    clock.advance(8 * DAY_S)
    redeem(opened, reserve(opened).id)
    reverse(opened, referrals[3], "fraud")
    assert (balance(opened).debt, balance(opened).slots_used, balance(opened).to_next_slot) == (1, 1, 11)
    earn_many(opened, 10)
    assert balance(opened).slots_free == 0
    earn_many(opened, 1)
    assert balance(opened).slots_free == 1


def test_an_adjustment_needs_a_reason_and_a_second_person(opened: Runtime) -> None:
    with opened.begin() as tx:
        for actor, approver, reason, delta in [("u:1", "u:1", "migration", 3), ("u:1", "", "migration", 3)]:
            with pytest.raises(Permanent, match="second person"):
                book.adjust(tx, 1, delta, reason=reason, actor=actor, approver=approver)
        for reason, delta in [("", 3), ("migration", 0)]:
            with pytest.raises(Permanent, match="reason"):
                book.adjust(tx, 1, delta, reason=reason, actor="u:1", approver="u:2")
        added = book.adjust(tx, 1, 12, reason="migration", actor="u:1", approver="u:2", adjustment_id="old-book")
        again = book.adjust(tx, 1, 12, reason="migration", actor="u:1", approver="u:2", adjustment_id="old-book")
        assert added == again
        book.adjust(tx, 1, -2, reason="typing_error", actor="u:2", approver="u:1")
        with pytest.raises(NotEnoughCredits):
            book.adjust(tx, 1, -11, reason="typing_error", actor="u:2", approver="u:1")
    assert (balance(opened).adjusted, balance(opened).available, balance(opened).slots_free) == (10, 10, 1)


def test_credits_of_another_book_can_be_used_at_once(opened: Runtime) -> None:
    with opened.begin() as tx:
        book.adjust(tx, 1, 10, reason="migration", actor="u:1", approver="u:2")
    assert redeem(opened, reserve(opened).id).state is SlotState.REDEEMED


def test_new_terms_hold_from_now_on_and_take_no_granted_slot_away(opened: Runtime) -> None:
    earn_many(opened, 12)
    with opened.begin() as tx, pytest.raises(Permanent, match="free slots"):
        book.change_policy(tx, 1, threshold=20, actor="u:1")
    first = reserve(opened)
    with opened.begin() as tx:
        assert book.change_policy(tx, 1, threshold=5, actor="u:1").version == 2
    earn_many(opened, 3)
    second = reserve(opened)
    assert (first.credits, second.credits) == (10, 5)
    with opened.read() as tx:
        assert [entry.policy for entry in book.entries(tx, 1)] == [1] * 13 + [2] * 4
    with opened.begin() as tx:
        assert check_book(tx, 1).ok


def test_what_is_rolled_back_never_happened(opened: Runtime) -> None:
    with pytest.raises(RuntimeError), opened.begin() as tx:
        book.earn(tx, programme_id=1, referral_id="r1", company_id=1, subject_indexes=["i1:a"])
        raise RuntimeError("the caller's own work failed")
    assert balance(opened).earned == 0
    assert isinstance(earn(opened, "r1", "i1:a"), Earned)
    assert kinds(opened) == ["earn"]


def test_entries_come_in_pages_and_in_order(opened: Runtime) -> None:
    earn_many(opened, 25)
    with opened.read() as tx:
        first = book.entries(tx, 1, limit=10)
        rest = book.entries(tx, 1, after_seq=first[-1].seq)
    assert [entry.seq for entry in (*first, *rest)] == list(range(1, 26))
    assert {entry.kind for entry in first} == {Kind.EARN}


def test_a_time_is_the_clocks(opened: Runtime, clock: ManualClock) -> None:
    earn(opened, "r1")
    clock.advance(60)
    earn(opened, "r2")
    with opened.read() as tx:
        one, two = book.entries(tx, 1)
    assert two.at - one.at == timedelta(minutes=1)
