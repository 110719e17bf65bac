"""Codes that prove an address: who asks at the desk, and a new address of somebody who registered."""

import pytest
from sqlalchemy import select

from core.runtime import Runtime
from crm import persons, suppression
from crm.candidate import address_proofs, registrations
from crm.candidate.address_proofs import Proved, Purpose
from crm.candidate.registrations import Registered
from crm.consents import provisions
from crm.errors import FormRefused, LinkGone, Refused, WrongCode, WrongState
from crm.invitation import invitations
from crm.profile import registration_data
from crm.rights import retention, subject_requests
from crm.rights.subject_requests import Channel, Identity, Kind, Refusal, Standing
from crm.tables import AddressProofRow, RegistrationRow
from tests.crm.world import (
    Parties,
    answer,
    clock_of,
    credits_of,
    database_bytes,
    dump,
    leaves,
    links_in,
    mails_to,
    offer,
    parties,
    register,
    shared,
)

MAIL = "hanako.mihon@example.com"
NEW = "hanako.new@example.org"


def ask_change(runtime: Runtime, done: Registered, mail: str = NEW) -> str:
    with runtime.begin() as tx:
        return address_proofs.ask_change(tx, done.manage_token, mail, sure=False)


def code_of(runtime: Runtime, mail: str = NEW) -> str:
    return next(sent.subject for sent in reversed(mails_to(runtime, mail)) if "コード" in sent.subject)[-6:]


def check(runtime: Runtime, token: str, code: str) -> Proved | WrongCode:
    with runtime.begin() as tx:
        return address_proofs.check(tx, token, code)


def change(runtime: Runtime, done: Registered, mail: str = NEW) -> str:
    token = ask_change(runtime, done, mail)
    proved = check(runtime, token, code_of(runtime, mail))
    assert isinstance(proved, Proved)
    return proved.manage_token


def request(runtime: Runtime, made: Parties, kind: Kind, mail: str = MAIL) -> str:
    with runtime.begin() as tx:
        return subject_requests.receive(tx, made.company_id, kind, Channel.PHONE, mail, actor="user:1").id


def test_a_new_address_is_confirmed_told_to_the_old_one_and_the_links_follow(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done, referral_id = shared(any_runtime, made, "contact")
    answer(any_runtime, made, referral_id)
    token = ask_change(any_runtime, done)
    wrong = "000000" if code_of(any_runtime) != "000000" else "111111"
    assert check(any_runtime, token, wrong) == WrongCode("code_wrong", 4)
    assert NEW.encode() not in database_bytes(any_runtime)
    proved = check(any_runtime, token, code_of(any_runtime))
    assert isinstance(proved, Proved)
    with any_runtime.read() as tx:
        assert registrations.manage(tx, done.manage_token) is None
        view = registrations.manage(tx, proved.manage_token)
        assert view is not None
        assert (view.contact or {})["mail"] == NEW
        person_id = tx.session.get_one(RegistrationRow, done.registration_id).person_id
        assert persons.addresses(tx, person_id) == [MAIL, NEW]
        assert [one.step for one in provisions.of_referral(tx, referral_id)] == ["profile", "contact", "contact.2"]
    [told] = [sent for sent in mails_to(any_runtime, MAIL) if "/m/restore/" in sent.body]
    [followed] = [sent for sent in mails_to(any_runtime, NEW) if "/m/" in sent.body]
    assert NEW not in told.body
    assert links_in(told.body, "/m/") == []
    assert links_in(followed.body, "/m/") == [proved.manage_token]
    assert leaves(any_runtime, told.gate_ref or "")
    assert leaves(any_runtime, followed.gate_ref or "")
    assert any(NEW in sent.body for sent in mails_to(any_runtime, "inbox@agency.example.com"))
    with pytest.raises(LinkGone):
        check(any_runtime, token, "000000")


def test_who_has_another_address_counts_once_and_stays_left_alone(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    assert credits_of(runtime, made) == 1
    manage_token = change(runtime, done)
    with runtime.begin() as tx:
        registrations.withdraw(tx, manage_token)
        person_id = persons.find(tx, made.company_id, NEW)
        assert person_id == persons.find(tx, made.company_id, MAIL)
    clock_of(runtime).advance(300 * 86_400)
    with runtime.begin() as tx:  # the bar of 365 days holds for both addresses
        assert invitations.offer_for_rejection(
            tx, company_id=made.company_id, recipient=NEW, mail_id=9
        ) == invitations.NoOffer("invited_within_365_days")


def test_no_more_mails_holds_for_the_new_address_too(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    with runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, MAIL)
    change(runtime, done)
    with runtime.read() as tx:
        assert suppression.is_suppressed(tx, made.company_id, NEW)


def test_an_address_that_wants_no_mails_gets_no_code(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    with runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, NEW)
    pages = []
    for mail in (NEW, "plain.new@example.org"):
        token = ask_change(runtime, done, mail)
        with runtime.read() as tx:
            found = address_proofs.page(tx, token)
        assert found is not None
        pages.append((found.purpose, found.code.until, found.code.again))
    assert pages[0] == pages[1]
    assert mails_to(runtime, NEW) == []


@pytest.mark.parametrize(
    ("mail", "problem"), [("nobody", "mail_wrong"), ("a..b@example.com", "mail_unusual"), (MAIL.upper(), "mail_same")]
)
def test_a_wrong_new_address_is_named_and_nothing_is_stored(runtime: Runtime, mail: str, problem: str) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    before = dump(runtime)
    with pytest.raises(FormRefused, match=problem):
        ask_change(runtime, done, mail)
    assert dump(runtime) == before


def test_three_codes_a_day_and_ended_registrations_none(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    tokens = [ask_change(runtime, done, f"new{number}@example.org") for number in range(3)]
    with pytest.raises(Refused, match="too many codes"):
        ask_change(runtime, done, "new3@example.org")
    code = code_of(runtime, "new2@example.org")
    with runtime.begin() as tx:
        registrations.undo(tx, done.manage_token)
    before = dump(runtime)
    with pytest.raises(WrongState):
        check(runtime, tokens[2], code)
    with pytest.raises(WrongState):
        ask_change(runtime, done)
    assert dump(runtime) == before


@pytest.mark.parametrize("who", ["the person", "the desk"])
def test_a_code_to_the_address_shows_who_asks(runtime: Runtime, who: str) -> None:
    made = parties(runtime)
    register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    request_id = request(runtime, made, Kind.DISCLOSURE)
    with runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, MAIL)  # who asks at the desk is answered all the same
        address_proofs.ask_identity(tx, request_id, actor="user:1")
    sent = mails_to(runtime, MAIL)[-1]
    assert leaves(runtime, sent.gate_ref or "")
    [token] = links_in(sent.body, "/m/address/")
    clock_of(runtime).advance(23 * 3600)
    code = code_of(runtime, MAIL)
    with runtime.begin() as tx:
        wrong = address_proofs.check_at_desk(tx, request_id, "x", actor="user:1")
    assert wrong == WrongCode("code_wrong", 4)
    with runtime.begin() as tx:
        if who == "the desk":
            done = address_proofs.check_at_desk(tx, request_id, f" {code[:3]} {code[3:]}", actor="user:1")
        else:
            done = address_proofs.check(tx, token, code)
        assert done == Proved(Purpose.IDENTITY, "")
        found = subject_requests.get(tx, request_id)
    assert (found.standing, found.identity) == (Standing.IDENTITY_CHECKED, Identity.CODE)
    assert not leaves(runtime, sent.gate_ref or "")
    with pytest.raises(WrongState), runtime.begin() as tx:
        address_proofs.ask_identity(tx, request_id, actor="user:1")


def test_the_desk_corrects_an_address_after_both_codes(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    request_id = request(runtime, made, Kind.CORRECTION)
    with pytest.raises(WrongState), runtime.begin() as tx:  # nothing before the identity was checked
        address_proofs.ask_change_at_desk(tx, request_id, NEW, actor="user:1")
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request_id, Identity.DOCUMENT, actor="user:1")
        address_proofs.ask_change_at_desk(tx, request_id, NEW, actor="user:1")
    code = code_of(runtime)
    with runtime.begin() as tx:
        assert address_proofs.sent(tx, request_id) is not None
        done_now = address_proofs.check_at_desk(tx, request_id, code, actor="user:1")
        assert done_now == Proved(Purpose.CHANGE, "")
        assert address_proofs.sent(tx, request_id) is None
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (registration_data.contact(tx, row) or {})["mail"] == NEW
    assert "別のアドレスに変更されました" in mails_to(runtime, MAIL)[-1].body
    assert links_in(mails_to(runtime, NEW)[-1].body, "/m/")


@pytest.mark.parametrize("ended_by", ["refuse", "finish"])
def test_digits_of_a_request_that_has_ended_change_nothing(runtime: Runtime, ended_by: str) -> None:
    made = parties(runtime)
    register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    request_id = request(runtime, made, Kind.CORRECTION)
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request_id, Identity.KNOWN, actor="user:1")
        address_proofs.ask_change_at_desk(tx, request_id, NEW, actor="user:1")
    sent = mails_to(runtime, NEW)[-1]
    [token] = links_in(sent.body, "/m/address/")
    with runtime.begin() as tx:
        if ended_by == "refuse":
            subject_requests.refuse(tx, request_id, Refusal.NOT_IDENTIFIED, actor="user:1")
        else:
            subject_requests.finish(tx, request_id, actor="user:1")
    before = dump(runtime)
    for _ in range(6):  # nor is anybody told whether they were right
        with pytest.raises(WrongState):
            check(runtime, token, "000000")
    with pytest.raises(WrongState):
        check(runtime, token, code_of(runtime))
    assert dump(runtime) == before
    assert not leaves(runtime, sent.gate_ref or "")


@pytest.mark.parametrize("mail", ["saiyo@example.jp", "Someone@EXAMPLE.JP"])
def test_the_desk_gives_no_registration_to_the_company_itself(runtime: Runtime, mail: str) -> None:
    made = parties(runtime)
    register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    request_id = request(runtime, made, Kind.CORRECTION)
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request_id, Identity.KNOWN, actor="user:1")
    with pytest.raises(Refused, match="nobody of the company"), runtime.begin() as tx:
        address_proofs.ask_change_at_desk(tx, request_id, mail, actor="user:1")


def test_an_earlier_code_of_the_desk_is_forgotten_with_its_address(runtime: Runtime) -> None:
    made = parties(runtime)
    register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    request_id = request(runtime, made, Kind.CORRECTION)
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request_id, Identity.KNOWN, actor="user:1")
        for mail in ("typo@example.org", NEW):
            address_proofs.ask_change_at_desk(tx, request_id, mail, actor="user:1")
        rows = tx.session.scalars(select(AddressProofRow).order_by(AddressProofRow.id)).all()
    assert sorted((row.mail_sealed is None, row.ended_at is None) for row in rows) == [(False, True), (True, False)]


def test_one_domain_in_two_spellings_is_one_address(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, "hanako@例え.jp"), "hanako@例え.jp", "profile")
    with pytest.raises(FormRefused, match="mail_same"):
        ask_change(runtime, done, "Hanako@xn--r8jz45g.jp")


def test_who_did_not_register_is_told_at_the_known_address(runtime: Runtime) -> None:
    made = parties(runtime)
    offer(runtime, made.company_id, MAIL)
    request_id = request(runtime, made, Kind.CORRECTION)
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request_id, Identity.KNOWN, actor="user:1")
        address_proofs.ask_change_at_desk(tx, request_id, NEW, actor="user:1")
    code = code_of(runtime)
    with runtime.begin() as tx:
        address_proofs.check_at_desk(tx, request_id, code, actor="user:1")
        assert persons.find(tx, made.company_id, NEW) == persons.find(tx, made.company_id, MAIL)
    assert "別のアドレスに変更されました" in mails_to(runtime, MAIL)[-1].body


def test_the_desk_allows_mails_again(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, MAIL, source="erased")
    request_id = request(runtime, made, Kind.RESUME)
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request_id, Identity.KNOWN, actor="user:1")
        assert suppression.is_suppressed(tx, made.company_id, MAIL)
        subject_requests.finish(tx, request_id, actor="user:1")
        assert not suppression.is_suppressed(tx, made.company_id, MAIL)


def test_what_a_code_was_for_is_forgotten_after_two_days(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    token = ask_change(runtime, done)
    clock_of(runtime).advance(2 * 86_400 + 1)
    with runtime.begin() as tx:
        retention.purge(tx)
        assert tx.session.scalars(select(AddressProofRow)).all() == []
        assert address_proofs.page(tx, token) is None


def test_the_old_address_is_told_also_when_the_next_hop_was_away_for_days(runtime: Runtime) -> None:
    made = parties(runtime)
    change(runtime, register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile"))
    told = mails_to(runtime, MAIL)[-1]
    for days, stands in ((5, True), (2, False)):
        clock_of(runtime).advance(days * 86_400)
        with runtime.begin() as tx:
            retention.purge(tx)
        assert leaves(runtime, told.gate_ref or "") is stands
