"""Somebody else changed the address of a registration: who has the former one takes it back, and nothing leaks on."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from core import outbox
from core.audit import AuditEntry
from core.runtime import Runtime
from crm import links, persons
from crm.candidate import address_proofs, address_restores, corrections, holds, registrations
from crm.candidate.corrections import Correction
from crm.candidate.registrations import Registered
from crm.consents import provisions
from crm.delivery import referrals
from crm.errors import FormRefused, LinkGone, WrongState
from crm.links import LinkKind
from crm.profile import registration_data
from crm.profile.forms import ContactForm
from crm.referral.referral_states import State
from crm.rights import retention, subject_requests, withdrawals
from crm.rights.subject_requests import Channel, Identity, Kind
from crm.tables import AddressChangeRow, LinkRow, ReferralRow, RegistrationRow
from tests.crm.test_address_proofs import MAIL, NEW, change, code_of
from tests.crm.world import (
    PROFILE,
    answer,
    clock_of,
    database_bytes,
    dump,
    hand_over,
    leaves,
    links_in,
    mails_to,
    offer,
    parties,
    referral_ids,
    register,
    run_jobs,
    shared,
)

AGENCY = "inbox@agency.example.com"
THIRD = "third@example.net"
DAY_S = 86_400


def taken(runtime: Runtime, done: Registered, mail: str = NEW) -> tuple[str, str]:
    """Somebody with the manage link moves the registration to his own address; returns his manage link, and the link
    in the word to the former one."""
    clock_of(runtime).advance(60)
    manage_token = change(runtime, done, mail)
    [restore_token] = links_in(mails_to(runtime, MAIL)[-1].body, "/m/restore/")
    clock_of(runtime).advance(60)
    return manage_token, restore_token


def restore(runtime: Runtime, token: str) -> str:
    with runtime.begin() as tx:
        return address_restores.restore(tx, token).manage_token


def go_on(runtime: Runtime, manage_token: str) -> bool:
    with runtime.begin() as tx:
        return holds.go_on(tx, manage_token)


def contact_of(runtime: Runtime, done: Registered) -> dict[str, str]:
    with runtime.read() as tx:
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        return registration_data.contact(tx, row) or {}


def test_who_has_the_former_address_takes_the_registration_back(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done = register(any_runtime, offer(any_runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    before = contact_of(any_runtime, done)
    theirs, token = taken(any_runtime, done)
    with any_runtime.begin() as tx:
        wrong = ContactForm("別人 太郎", "080-0000-0000")
        corrections.correct(tx, theirs, Correction(PROFILE, wrong))
        pending = address_proofs.ask_change(tx, theirs, THIRD, sure=False)
    digits = code_of(any_runtime, THIRD)
    with any_runtime.read() as tx:
        page = address_restores.page(tx, token)
    assert page is not None
    assert (page.registered, page.company) == (True, "株式会社サンプル工業")
    mine = restore(any_runtime, token)
    assert contact_of(any_runtime, done) == before
    with any_runtime.read() as tx:
        assert registrations.manage(tx, theirs) is None
        view = registrations.manage(tx, mine)
        assert view is not None
        assert view.held
        person_id = tx.session.get_one(RegistrationRow, done.registration_id).person_id
        assert persons.addresses(tx, person_id) == [MAIL]
        acts = tx.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).first()
        assert acts == "address change taken back"
    with pytest.raises(LinkGone), any_runtime.begin() as tx:  # the code on its way to a third address is worth nothing
        address_proofs.check(tx, pending, digits)
    told, removed = mails_to(any_runtime, MAIL)[-1], mails_to(any_runtime, NEW)[-1]
    assert links_in(told.body, "/m/") == [mine]
    assert "取り消されました" in removed.subject
    assert MAIL not in removed.body
    assert links_in(removed.body, "/m/") == []
    for mail in (told, removed):
        assert leaves(any_runtime, mail.gate_ref or "")


@pytest.mark.parametrize("days", [6, 8])
def test_it_works_for_a_week_and_once(runtime: Runtime, days: int) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    _, token = taken(runtime, done)
    clock_of(runtime).advance(days * DAY_S)
    with runtime.begin() as tx:
        retention.purge(tx)
    if days < 7:
        assert restore(runtime, token)
    before = dump(runtime)
    with runtime.read() as tx:
        assert address_restores.page(tx, token) is None
    with pytest.raises(LinkGone):
        restore(runtime, token)
    assert dump(runtime) == before
    clock_of(runtime).advance(8 * DAY_S)
    with runtime.begin() as tx:
        retention.purge(tx)
        assert tx.session.scalar(select(func.count()).select_from(AddressChangeRow)) == 0
        assert tx.session.scalar(select(func.count()).where(LinkRow.kind == "restore")) == 0


def test_a_hand_over_waits_until_the_person_says_go_on(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    _, token = taken(runtime, done)
    mine = restore(runtime, token)
    hand_over(runtime)
    assert mails_to(runtime, AGENCY) == []
    [referral_id] = referral_ids(runtime, done.registration_id)
    assert go_on(runtime, mine)
    assert not go_on(runtime, mine)
    run_jobs(runtime)
    [mail] = mails_to(runtime, AGENCY)
    assert leaves(runtime, mail.gate_ref or "")
    clock_of(runtime).advance(60)
    answer(runtime, made, referral_id)
    assert MAIL in mails_to(runtime, AGENCY)[-1].body


def test_an_agency_that_has_the_other_address_gets_nothing_and_then_the_right_one(runtime: Runtime) -> None:
    """Even when whoever it was used up the corrections of the day."""
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    theirs, token = taken(runtime, done)
    for number in range(corrections.CORRECTIONS_A_DAY_MAX - 1):
        with runtime.begin() as tx:
            corrections.correct(tx, theirs, Correction(replace(PROFILE, wanted_job=f"営業{number}")))
    mine = restore(runtime, token)
    waiting = mails_to(runtime, AGENCY)
    assert not any(leaves(runtime, mail.gate_ref or "") for mail in waiting)
    with runtime.begin() as tx:
        corrections.correct(tx, mine, Correction(PROFILE))  # while it is held: kept here
    assert mails_to(runtime, AGENCY) == waiting
    go_on(runtime, mine)
    later = mails_to(runtime, AGENCY)[len(waiting) :]
    assert [MAIL in mail.body for mail in later] == [False, True]
    assert "経理" in later[0].body
    with runtime.read() as tx:
        steps = [one.step for one in provisions.of_referral(tx, referral_id)]
        assert steps[-2:] == ["profile.6", "contact.3"]


def test_what_is_the_same_is_not_given_again_unless_the_gate_kept_it(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made)
    sent = mails_to(runtime, AGENCY)
    _, token = taken(runtime, done)
    go_on(runtime, restore(runtime, token))
    assert mails_to(runtime, AGENCY) == sent
    _, token = taken(runtime, replace(done, manage_token=manage_link(runtime, done)))
    mine = restore(runtime, token)
    with runtime.begin() as tx:  # the gateway asked the gate for the mail that still waited
        [waiting] = [one for one in outbox.waiting(tx, 100) if one.recipient == AGENCY]
        outbox.settle(tx, waiting.id, outbox.State.CANCELLED)
    go_on(runtime, mine)
    [again] = mails_to(runtime, AGENCY)
    assert "経理" in again.body


def manage_link(runtime: Runtime, done: Registered) -> str:
    with runtime.read() as tx:
        link = links.of(tx, LinkKind.MANAGE, done.registration_id)
        assert link is not None
        return links.reveal(tx, link)


def test_an_answer_while_it_is_held_releases_the_contact_data_only_after_it(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    _, token = taken(runtime, done)
    mine = restore(runtime, token)
    assert not answer(runtime, made, referral_id).credited
    go_on(runtime, mine)
    with runtime.read() as tx:
        row = tx.session.get_one(ReferralRow, referral_id)
        assert (row.state, row.contact_released_at is not None) == (State.COUNTED, True)


def test_what_somebody_else_agreed_to_is_ended_and_recalled(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "pool")
    with runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
    theirs, token = taken(runtime, done)
    with runtime.begin() as tx:
        box = referrals.talk_box(tx, theirs, referral_id, "ja")
        assert box is not None
        referrals.agree_to_talk(
            tx, theirs, referral_id, ContactForm("別人 太郎", "080-0000-0000"), box.text_sha256, "ja"
        )
    mine = restore(runtime, token)
    assert "削除" in mails_to(runtime, AGENCY)[-1].body
    assert "1社に削除を依頼" in mails_to(runtime, MAIL)[-1].body
    assert contact_of(runtime, done) == {"mail": MAIL}
    go_on(runtime, mine)
    assert not leaves(runtime, f"referral:{referral_id}:contact")


def test_a_question_is_not_answered_while_it_is_held(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made)
    with runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
    _, token = taken(runtime, done)
    mine = restore(runtime, token)
    contact = ContactForm("見本 花子", "")
    with runtime.read() as tx:
        assert referrals.talk_box(tx, mine, referral_id, "ja") is None
    with pytest.raises(WrongState), runtime.begin() as tx:
        referrals.agree_to_talk(tx, mine, referral_id, contact, "", "ja")
    go_on(runtime, mine)
    with pytest.raises(FormRefused), runtime.begin() as tx:  # the wrong text, but there is a question again
        referrals.agree_to_talk(tx, mine, referral_id, contact, "", "ja")


def test_later_changes_go_with_it_and_cannot_undo_it(runtime: Runtime) -> None:
    """Whoever took it moves on to a third address: the word to the second one gives nothing back any more."""
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    theirs, token = taken(runtime, done)
    change(runtime, replace(done, manage_token=theirs), THIRD)
    [their_way_back] = links_in(mails_to(runtime, NEW)[-1].body, "/m/restore/")
    clock_of(runtime).advance(60)
    restore(runtime, token)
    assert contact_of(runtime, done) == {"mail": MAIL}
    assert "取り消されました" in mails_to(runtime, THIRD)[-1].subject
    with runtime.read() as tx:
        assert persons.find(tx, made.company_id, NEW) is None
        assert persons.find(tx, made.company_id, THIRD) is None
    with pytest.raises(LinkGone):
        restore(runtime, their_way_back)


def test_after_an_end_only_the_address_and_the_links_come_back(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made, "contact")
    theirs, token = taken(runtime, done)
    with runtime.begin() as tx:
        registrations.withdraw(tx, theirs)
    mine = restore(runtime, token)
    with runtime.read() as tx:
        view = registrations.manage(tx, mine)
        assert view is not None
        assert (view.state, view.held, view.contact) == ("withdrawn", False, None)
        assert registrations.manage(tx, theirs) is None
        assert persons.find(tx, made.company_id, NEW) is None
    with pytest.raises(WrongState):
        go_on(runtime, mine)


def test_who_did_not_register_takes_a_change_by_the_desk_back(runtime: Runtime) -> None:
    made = parties(runtime)
    offer(runtime, made.company_id, MAIL)
    with runtime.begin() as tx:
        asked = subject_requests.receive(tx, made.company_id, Kind.CORRECTION, Channel.PHONE, MAIL, actor="user:1").id
        subject_requests.check_identity(tx, asked, Identity.KNOWN, actor="user:1")
        address_proofs.ask_change_at_desk(tx, asked, NEW, actor="user:1")
    digits = code_of(runtime)
    with runtime.begin() as tx:
        address_proofs.check_at_desk(tx, asked, digits, actor="user:1")
    [token] = links_in(mails_to(runtime, MAIL)[-1].body, "/m/restore/")
    assert restore(runtime, token) == ""
    with runtime.read() as tx:
        assert persons.find(tx, made.company_id, NEW) is None
        assert persons.find(tx, made.company_id, MAIL) is not None
    assert "取り消されました" in mails_to(runtime, NEW)[-1].subject
    assert "/m/" not in mails_to(runtime, MAIL)[-1].body


def test_an_erasure_leaves_nothing_to_put_back(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    _, token = taken(runtime, done)
    with runtime.begin() as tx:
        person_id = tx.session.get_one(RegistrationRow, done.registration_id).person_id
        withdrawals.erase_person(tx, person_id, actor="user:1")
    with runtime.read() as tx:
        assert address_restores.page(tx, token) is None
        assert tx.session.scalars(select(AddressChangeRow.former_sealed)).all() == [None]
    with pytest.raises(LinkGone):
        restore(runtime, token)


def test_the_former_address_is_sealed(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    taken(runtime, done)
    held = database_bytes(runtime)
    assert MAIL.encode() not in held
    assert "見本 花子".encode() not in held
