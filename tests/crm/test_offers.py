"""Offers in bulk: the same as one by one, exactly once a person, and never past what changed in between."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.db import Base
from core.errors import Temporary
from core.runtime import Runtime
from crm import links, notices, persons, suppression
from crm.agency import agencies
from crm.invitation import invitations, offers, opt_outs
from crm.invitation.offers import Draft, Stored
from crm.invitation.standing import Asked, Case, Standing, standings
from crm.links import LinkKind
from crm.registry import companies
from crm.tables import InvitationDayRow, InvitationRow, LinkRow, NoticeRow, PersonMailRow, PersonRow
from tests.crm.world import Parties, clock_of, offer, parties, token_of

MAIL = "taro@example.com"
OTHERS = [f"person{number}@example.com" for number in range(5)]


def look(runtime: Runtime, company_id: int, *recipients: str) -> list[Standing]:
    with runtime.read() as tx:
        return standings(tx, [Asked(company_id, recipient) for recipient in recipients])


def draft(runtime: Runtime, made: Parties, recipient: str) -> Draft:
    (standing,) = look(runtime, made.company_id, recipient)
    with runtime.read() as tx:
        return offers.draft(
            standing,
            company=companies.get(tx, made.company_id),
            agencies=agencies.licensed(tx, made.company_id),
            recipient=recipient,
            keys=tx.keys,
            settings=tx.settings,
            now=tx.now,
        )


def store(runtime: Runtime, drafts: Sequence[Draft], first_mail: int = 1) -> list[Stored]:
    with runtime.begin() as tx:
        return offers.store(tx, [(first_mail + number, each) for number, each in enumerate(drafts)])


def counts(runtime: Runtime) -> dict[str, int]:
    rows: list[type[Base]] = [PersonRow, PersonMailRow, NoticeRow, InvitationRow, LinkRow]
    with runtime.read() as tx:
        return {row.__tablename__: tx.session.scalar(select(func.count()).select_from(row)) or 0 for row in rows}


def today(runtime: Runtime, company_id: int) -> int:
    with runtime.read() as tx:
        day = notices.local_day(tx, company_id).isoformat()
        row = tx.session.get(InvitationDayRow, (company_id, day))
        return 0 if row is None else row.mails


def test_many_first_offers_are_stored_at_once_and_their_links_work(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    drafts = [draft(any_runtime, made, recipient) for recipient in OTHERS]
    assert store(any_runtime, drafts) == [Stored.DONE] * 5
    assert counts(any_runtime) == {
        "person": 5,
        "person_mail": 5,
        "rejection_notice": 5,
        "invitation": 5,
        "link": 10,
    }
    assert today(any_runtime, made.company_id) == 5
    with any_runtime.read() as tx:
        for each, recipient in zip(drafts, OTHERS, strict=True):
            relay = links.find(tx, LinkKind.RELAY, token_of(each.offer.relay_url))
            assert relay is not None
            assert relay.subject == each.offer.invitation_id
            assert links.find(tx, LinkKind.OPTOUT, token_of(each.offer.optout_url)) is not None
            assert persons.addresses(tx, each.person_id) == [recipient]


def test_a_bulk_offer_says_what_a_single_one_says(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    drafted = draft(any_runtime, made, MAIL).offer
    single = offer(any_runtime, made.company_id, MAIL)
    for name in ("agency", "licence_no", "expires_on", "agencies", "new"):
        assert getattr(drafted, name) == getattr(single, name)


def test_a_mail_sent_again_carries_the_same_links(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = draft(any_runtime, made, MAIL)
    store(any_runtime, [first])
    before = counts(any_runtime)
    assert look(any_runtime, made.company_id, MAIL.upper())[0].case is Case.AGAIN
    again = draft(any_runtime, made, MAIL)
    assert store(any_runtime, [again], first_mail=2) == [Stored.DONE]
    assert (again.offer.relay_url, again.offer.optout_url) == (first.offer.relay_url, first.offer.optout_url)
    assert counts(any_runtime) == before
    assert today(any_runtime, made.company_id) == 2
    assert offer(any_runtime, made.company_id, MAIL, mail_id=3).relay_url == first.offer.relay_url


def test_the_same_address_twice_in_one_transaction_is_one_person(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    drafts = [draft(any_runtime, made, recipient) for recipient in (MAIL, MAIL, *OTHERS)]
    assert store(any_runtime, drafts) == [Stored.DONE, Stored.CHANGED, *[Stored.DONE] * 5]
    assert counts(any_runtime)["person"] == 6


def test_an_address_that_somebody_stored_in_between_takes_the_long_way(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    late = draft(any_runtime, made, MAIL)
    others = [draft(any_runtime, made, recipient) for recipient in OTHERS]
    offer(any_runtime, made.company_id, MAIL)
    before = counts(any_runtime)
    with pytest.raises(Temporary):
        store(any_runtime, [*others, late])
    assert counts(any_runtime) == before, "nothing of the transaction stays"
    assert store(any_runtime, [late]) == [Stored.CHANGED]
    assert counts(any_runtime) == before
    assert store(any_runtime, others) == [Stored.DONE] * 5


@pytest.mark.parametrize("how", ["opted out", "declined", "reported wrong"])
def test_what_changed_between_look_and_store_counts(any_runtime: Runtime, how: str) -> None:
    made = parties(any_runtime)
    first = draft(any_runtime, made, MAIL)
    store(any_runtime, [first])
    again = draft(any_runtime, made, MAIL)
    with any_runtime.begin() as tx:
        match how:
            case "opted out":
                assert opt_outs.stop(tx, token_of(first.offer.optout_url))
            case "declined":
                assert invitations.decline(tx, token_of(first.offer.relay_url))
            case _:
                assert invitations.report_wrong(tx, 1, actor="cli")
    expected = Stored.CHANGED if how == "reported wrong" else Stored.OPTED_OUT
    assert store(any_runtime, [again], first_mail=2) == [expected]
    assert look(any_runtime, made.company_id, MAIL)[0].case is Case.OTHER
    assert today(any_runtime, made.company_id) == 1


def test_a_stranger_who_wants_no_mail_gets_no_link(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    late = draft(any_runtime, made, MAIL)
    with any_runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, MAIL)
    assert store(any_runtime, [late]) == [Stored.OPTED_OUT]
    assert look(any_runtime, made.company_id, MAIL)[0].case is Case.OTHER
    assert counts(any_runtime)["person"] == 0


@pytest.mark.parametrize(("days", "case"), [(0, Case.AGAIN), (29, Case.AGAIN), (31, Case.OTHER)])
def test_after_thirty_days_it_is_another_notice(any_runtime: Runtime, days: int, case: Case) -> None:
    made = parties(any_runtime)
    store(any_runtime, [draft(any_runtime, made, MAIL)])
    clock_of(any_runtime).advance(days * 86_400)
    assert look(any_runtime, made.company_id, MAIL)[0].case is case


def test_a_person_of_another_company_is_a_stranger_here(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    store(any_runtime, [draft(any_runtime, made, MAIL)])
    assert [each.case for each in look(any_runtime, made.company_id, MAIL, OTHERS[0])] == [Case.AGAIN, Case.FIRST]
    assert look(any_runtime, made.company_id + 1, MAIL)[0].case is Case.FIRST


def test_the_cap_of_the_day_holds_inside_one_transaction(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        day = notices.local_day(tx, made.company_id)
        notices.count_injections(tx, made.company_id, (day - timedelta(days=1)).isoformat(), 1)
        notices.count_injections(tx, made.company_id, day.isoformat(), notices.CAP_MIN - 2)
    drafts = [draft(any_runtime, made, recipient) for recipient in OTHERS]
    assert store(any_runtime, drafts) == [Stored.DONE] * 2 + [Stored.DAILY_CAP] * 3
    assert counts(any_runtime)["invitation"] == 2
    assert today(any_runtime, made.company_id) == notices.CAP_MIN
