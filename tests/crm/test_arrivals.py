"""The company's own link: the address is proved first, a stranger learns nothing, and what matches nothing waits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.jobs import Claimed
from core.runtime import Runtime
from crm import links, notices, persons, signals
from crm.agency import agencies
from crm.arrival import arrival_answers, arrivals, company_links
from crm.candidate import invitation_page, registrations
from crm.candidate.registrations import Registered
from crm.errors import FormRefused, LinkGone, Refused, WrongCode, WrongState
from crm.invitation import invitations, opt_outs
from crm.invitation.invitations import NoOffer, Offer
from crm.links import LinkKind
from crm.registry import companies
from crm.registry.companies import NewCompany
from crm.rights import retention
from crm.signals import SignalRow
from crm.tables import ArrivalRow, NoticeRow, PersonRow
from rules.model import AtsStatus
from tests.conftest import START
from tests.crm.world import AGENCY, Parties, clock_of, dump, form, leaves, mails, mails_to, offer, parties, token_of

MAIL = "hanako.mihon@example.com"
DAY_S = 86_400


def company_token(runtime: Runtime, made: Parties) -> str:
    with runtime.begin() as tx:
        return token_of(company_links.make(tx, made.company_id, actor="cli").url)


def begin(runtime: Runtime, token: str, mail: str = MAIL, place: str = "192.0.2.0/24") -> str:
    with runtime.begin() as tx:
        return arrivals.begin(tx, token, mail, sure=False, adult=True, lang="ja", place=place)


def code_of(runtime: Runtime, mail: str = MAIL) -> str:
    return mails_to(runtime, mail)[-1].subject[-6:]


def arrive(runtime: Runtime, token: str, mail: str = MAIL) -> tuple[str, Offer | NoOffer | WrongCode | None]:
    """Type the address and the right code."""
    arrival = begin(runtime, token, mail)
    with runtime.begin() as tx:
        return arrival, arrivals.check(tx, arrival, code_of(runtime, mail))


def rejected_in_ats(runtime: Runtime, made: Parties, mail: str = MAIL, *others: AtsStatus, days: int = 1) -> None:
    with runtime.begin() as tx:
        changed_at = tx.now - timedelta(days=days)
        signals.store(tx, made.company_id, SignalRow("file", mail, AtsStatus.REJECTED, changed_at, "A-1"))
        for number, status in enumerate(others):
            signals.store(tx, made.company_id, SignalRow("file", mail, status, changed_at, f"B-{number}"))


def expected_notice(runtime: Runtime, made: Parties, mail: str = MAIL) -> None:
    with runtime.begin() as tx:
        notices.note(tx, made.company_id, persons.find_or_add(tx, made.company_id, mail), source="ats", sent=False)


@pytest.mark.parametrize("known_by", ["ats", "notice"])
def test_a_known_rejection_leads_to_the_personal_link(any_runtime: Runtime, known_by: str) -> None:
    made = parties(any_runtime)
    token = company_token(any_runtime, made)
    (rejected_in_ats if known_by == "ats" else expected_notice)(any_runtime, made)
    arrival, found = arrive(any_runtime, token)
    assert isinstance(found, Offer)
    relay = token_of(found.relay_url)
    with any_runtime.read() as tx:
        page = registrations.page(tx, relay, "ja")
        assert arrivals.page(tx, arrival) is None  # it was used
        assert [row.state for row in tx.session.scalars(select(NoticeRow))] == ["sent"]
    assert page is not None
    assert page.address_known
    assert "hanako" not in repr(page)
    with any_runtime.begin() as tx:  # the confirmed address is not asked for again, and needs no second code
        done = registrations.submit(tx, relay, form(tx, relay, "", "profile"))
    assert isinstance(done, Registered)
    assert mails_to(any_runtime, MAIL)[-1].gate_ref == f"receipt:{done.registration_id}"


def test_before_the_code_known_and_unknown_addresses_are_alike(runtime: Runtime) -> None:
    made = parties(runtime)
    token = company_token(runtime, made)
    rejected_in_ats(runtime, made)
    for number, mail in enumerate((MAIL, "nobody@example.org", MAIL, "nobody@example.org")):
        arrival = begin(runtime, token, mail)
        with runtime.read() as tx:
            here = arrivals.page(tx, arrival)
        assert here is not None
        assert (here.company, here.state) == ("株式会社サンプル工業", "started")
        assert mails(runtime)[number].recipient == mail
        assert mails(runtime)[number].subject[:-6] == mails(runtime)[0].subject[:-6]
    with runtime.read() as tx:
        assert tx.session.scalars(select(PersonRow.id)).all() == []  # nobody was looked up or written down


def test_a_fourth_code_of_a_day_is_not_sent_and_looks_the_same(runtime: Runtime) -> None:
    token = company_token(runtime, parties(runtime))
    tokens = [begin(runtime, token) for _ in range(4)]
    assert len(mails_to(runtime, MAIL)) == 3
    with runtime.begin() as tx:
        assert arrivals.check(tx, tokens[-1], "000000") in (
            WrongCode("code_wrong", 4),
            None,  # one in a million
        )


def test_one_place_cannot_try_without_end(runtime: Runtime) -> None:
    token = company_token(runtime, parties(runtime))
    for number in range(arrivals.PLACE_AN_HOUR_MAX):
        begin(runtime, token, f"stranger{number}@example.org")
    with pytest.raises(Refused, match="too many"):
        begin(runtime, token)
    begin(runtime, token, place="198.51.100.0/24")
    clock_of(runtime).advance(3601)
    begin(runtime, token)


@pytest.mark.parametrize(
    ("mail", "adult", "problem"),
    [("", True, "required"), ("no-at-sign", True, "mail_wrong"), ("a..b@example.com", True, "mail_unusual"),
     (MAIL, False, "adult_required")],
)  # fmt: skip
def test_nothing_is_sent_for_a_wrong_address_or_a_minor(runtime: Runtime, mail: str, adult: bool, problem: str) -> None:
    token = company_token(runtime, parties(runtime))
    with pytest.raises(FormRefused, match=problem), runtime.begin() as tx:
        arrivals.begin(tx, token, mail, sure=False, adult=adult, lang="ja", place="")
    assert mails(runtime) == []


def test_a_code_is_used_once_and_tried_five_times(runtime: Runtime) -> None:
    made = parties(runtime)
    token = company_token(runtime, made)
    arrival = begin(runtime, token)
    wrong = f"{(int(code_of(runtime)) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1, 0):
        with runtime.begin() as tx:
            found = arrivals.check(tx, arrival, wrong)
        assert isinstance(found, WrongCode)
        assert found.tries_left == left
    with runtime.begin() as tx:
        assert arrivals.check(tx, arrival, code_of(runtime)) == WrongCode("code_tries", 0)
    second, found = arrive(runtime, token)
    assert found is None
    with pytest.raises(WrongState), runtime.begin() as tx:
        arrivals.check(tx, second, code_of(runtime))


@pytest.mark.parametrize("why", ["nothing known", "another application is open", "too old", "reported wrong"])
def test_what_does_not_match_waits_for_a_person_only_when_the_candidate_asks(runtime: Runtime, why: str) -> None:
    made = parties(runtime)
    if why == "another application is open":
        rejected_in_ats(runtime, made, MAIL, AtsStatus.IN_PROCESS)
    elif why == "too old":
        rejected_in_ats(runtime, made, days=400)
    elif why == "reported wrong":
        offer(runtime, made.company_id, MAIL, mail_id=5)
        with runtime.begin() as tx:
            invitations.report_wrong(tx, 5, actor="user:1")
    arrival, found = arrive(runtime, company_token(runtime, made))
    assert found is None
    with runtime.read() as tx:
        assert arrival_answers.waiting(tx, made.company_id) == []
    with runtime.begin() as tx:
        arrivals.ask_company(tx, arrival)
        arrivals.ask_company(tx, arrival)
    with runtime.read() as tx:
        [one] = arrival_answers.waiting(tx, made.company_id)
        assert (one.address, one.asked_at) == (MAIL, START)
        assert arrival_answers.count_waiting(tx, None) == 1
        assert arrival_answers.waiting(tx, made.company_id + 1) == []


def test_a_yes_sends_the_personal_link_and_forgets_who_asked(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    arrival, _ = arrive(any_runtime, company_token(any_runtime, made))
    with any_runtime.begin() as tx:
        arrivals.ask_company(tx, arrival)
        [one] = arrival_answers.waiting(tx, None)
        assert arrival_answers.answer(tx, one.id, known=True, actor="user:1")
    answer = mails_to(any_runtime, MAIL)[-1]
    assert answer.gate_ref is not None
    assert answer.gate_ref.startswith("invitation:")
    assert leaves(any_runtime, answer.gate_ref)
    relay = answer.body.split("/r/")[1].split()[0]
    with any_runtime.begin() as tx:
        assert arrival_answers.waiting(tx, None) == []
        assert isinstance(registrations.submit(tx, relay, form(tx, relay, "", "profile")), Registered)
    with pytest.raises(WrongState), any_runtime.begin() as tx:
        arrival_answers.answer(tx, one.id, known=False, actor="user:1")


@pytest.mark.parametrize("by", ["a person", "nobody in 14 days"])
def test_a_no_or_silence_is_told_and_the_address_is_forgotten(runtime: Runtime, by: str) -> None:
    made = parties(runtime)
    arrival, _ = arrive(runtime, company_token(runtime, made))
    with runtime.begin() as tx:
        arrivals.ask_company(tx, arrival)
        [one] = arrival_answers.waiting(tx, None)
    if by == "a person":
        with runtime.begin() as tx:
            assert not arrival_answers.answer(tx, one.id, known=False, actor="user:1")
    else:
        clock_of(runtime).advance(15 * DAY_S)
        with runtime.begin() as tx:
            assert retention.purge(tx)
    answer = mails_to(runtime, MAIL)[-1]
    assert "確認できませんでした" in answer.body
    assert answer.gate_ref is not None
    assert leaves(runtime, answer.gate_ref)
    with runtime.read() as tx:
        assert all(row.mail_sealed is None for row in tx.session.scalars(select(ArrivalRow)))
        assert arrivals.page(tx, arrival) is None


def test_an_open_invitation_is_the_one_to_use(runtime: Runtime) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL)
    _, found = arrive(runtime, company_token(runtime, made))
    assert isinstance(found, Offer)
    assert (found.relay_url, found.new) == (first.relay_url, False)


@pytest.mark.parametrize(
    ("why", "reason"),
    [("invited last year", "invited_within_365_days"), ("no agency", "no_licensed_agency")],
)
def test_who_may_get_no_link_gets_none_here_either(runtime: Runtime, why: str, reason: str) -> None:
    made = parties(runtime)
    token = company_token(runtime, made)
    offer(runtime, made.company_id, MAIL)
    clock_of(runtime).advance(100 * DAY_S)
    if why == "no agency":
        with runtime.begin() as tx:
            agencies.suspend(tx, made.agency_id)
    _, found = arrive(runtime, token)
    assert found == NoOffer(reason)
    with runtime.read() as tx:
        assert [row.mail_sealed for row in tx.session.scalars(select(ArrivalRow))] == [None]


def test_what_led_nowhere_is_gone_after_a_day_and_all_after_thirty(runtime: Runtime) -> None:
    made = parties(runtime)
    token = company_token(runtime, made)
    arrive(runtime, token, "nobody@example.org")
    rejected_in_ats(runtime, made)
    arrive(runtime, token)
    for days, left in ((2, ["matched"]), (31, [])):
        clock_of(runtime).advance(days * DAY_S)
        with runtime.begin() as tx:
            retention.purge(tx)
        with runtime.read() as tx:
            assert [row.state for row in tx.session.scalars(select(ArrivalRow))] == left


def test_erasure_takes_the_arrival_with_it(runtime: Runtime) -> None:
    made = parties(runtime)
    rejected_in_ats(runtime, made)
    _, found = arrive(runtime, company_token(runtime, made))
    assert isinstance(found, Offer)
    relay = token_of(found.relay_url)
    with runtime.begin() as tx:
        done = registrations.submit(tx, relay, form(tx, relay, "", "profile"))
        assert isinstance(done, Registered)
        registrations.erase(tx, done.manage_token)
        assert tx.session.scalars(select(ArrivalRow.id)).all() == []


def test_a_company_has_one_link_and_a_new_one_ends_the_old(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.read() as tx:
        assert company_links.of(tx, made.company_id) is None
    old, new = company_token(runtime, made), company_token(runtime, made)
    with runtime.read() as tx:
        link = company_links.of(tx, made.company_id)
        assert link is not None
        assert link.url.endswith(f"/r/c/{new}")
        assert invitation_page.company_page(tx, old, "ja") is None
        page = invitation_page.company_page(tx, new, "ja")
        assert links.find(tx, LinkKind.RELAY, new) is None
    assert page is not None
    assert (page.company, page.expires_on) == ("株式会社サンプル工業", None)
    for text in link.texts.values():
        assert "13-ユ-300001" in text
        assert link.url in text
    with pytest.raises(LinkGone):
        begin(runtime, old)
    assert link.url not in company_links.qr_svg(link.url)  # drawn, not written
    assert company_links.qr_svg(link.url, inline=False).startswith("<?xml")


def test_nothing_of_the_address_can_be_read_in_the_database(runtime: Runtime) -> None:
    token = company_token(runtime, parties(runtime))
    begin(runtime, token)
    assert "hanako" not in repr(dump(runtime)["arrival"])


def test_who_wants_no_mails_gets_no_code_and_sees_the_same_page(runtime: Runtime) -> None:
    made = parties(runtime)
    token = company_token(runtime, made)
    made_before = offer(runtime, made.company_id, MAIL)
    late = begin(runtime, token)
    code = code_of(runtime)
    with runtime.begin() as tx:
        assert opt_outs.stop(tx, token_of(made_before.optout_url))
    shown = []
    for mail in (MAIL, "nobody@example.org"):
        arrival = begin(runtime, token, mail)
        with runtime.read() as tx:
            shown.append(arrivals.page(tx, arrival))
        with runtime.begin() as tx:
            assert arrivals.check(tx, arrival, "000000") == WrongCode("code_wrong", 4)
    assert [mail.recipient for mail in mails(runtime)].count(MAIL) == 1  # the code before the wish
    first, second = (replace(page, code=replace(page.code, mail="", again=0)) for page in shown if page)
    assert first == second
    assert not leaves(runtime, mails_to(runtime, MAIL)[0].gate_ref or "")
    with runtime.begin() as tx:
        assert arrivals.check(tx, late, code) == NoOffer("opted_out")


def test_a_new_code_ends_the_one_before_three_times(runtime: Runtime) -> None:
    made = parties(runtime)
    rejected_in_ats(runtime, made)
    arrival = begin(runtime, company_token(runtime, made))
    codes_sent = [code_of(runtime)]
    for _ in range(2):
        with runtime.begin() as tx:
            arrivals.send_again(tx, arrival)
        codes_sent.append(code_of(runtime))
    before = dump(runtime)
    with pytest.raises(Refused, match="too many codes"), runtime.begin() as tx:
        arrivals.send_again(tx, arrival)
    assert dump(runtime) == before
    if codes_sent[0] != codes_sent[-1]:
        with runtime.begin() as tx:
            assert arrivals.check(tx, arrival, codes_sent[0]) == WrongCode("code_wrong", 4)
    with runtime.begin() as tx:
        assert isinstance(arrivals.check(tx, arrival, codes_sent[-1]), Offer)
    with pytest.raises((LinkGone, WrongState)), runtime.begin() as tx:
        arrivals.send_again(tx, arrival)


def test_a_company_is_told_once_a_day_how_many_wait(runtime: Runtime) -> None:
    made, quiet = parties(runtime), parties(
        runtime,
        NewCompany(name="株式会社無音", sender_domains=("quiet.example.jp",)),
        replace(AGENCY, licence_no="27-ユ-300009"),
    )  # fmt: skip
    job = Claimed(1, arrival_answers.WAITING_JOB, "k", {}, 1, "test")
    for parties_of in (made, quiet):
        for mail in (MAIL, "b@example.com"):
            arrival, _ = arrive(runtime, company_token(runtime, parties_of), mail)
            with runtime.begin() as tx:
                arrivals.ask_company(tx, arrival)
    with runtime.begin() as tx:
        companies.change(tx, made.company_id, contact_mail="hr@example.jp")
    before = len(mails(runtime))
    for _ in range(2):
        arrival_answers.tell_waiting(runtime, job)
    [told] = mails(runtime)[before:]
    assert told.recipient == "hr@example.jp"
    assert "2名" in told.body
    assert "/console/links/" in told.body
    assert MAIL not in told.body
    assert leaves(runtime, told.gate_ref or "")
