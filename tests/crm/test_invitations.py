"""The invitation of a notice: one, the same link for a mail sent again, and every reason for none."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from core.runtime import Runtime
from core.settings import Settings
from crm import links, persons, suppression
from crm.agency import agencies
from crm.candidate import registrations
from crm.consents import consent
from crm.invitation import invitations, opt_outs
from crm.invitation.invitations import NoOffer, Offer
from crm.invitation.opt_outs import OptOutPage
from crm.links import LinkKind
from crm.registry import companies
from crm.rights import withdrawals
from crm.tables import InvitationRow, NoticeRow, PersonRow
from rules.model import Mode
from tests.crm.world import AGENCY, clock_of, dump, offer, parties, token_of

MAIL = "hanako.mihon@example.com"
DAY_S = 86_400


def offered(runtime: Runtime, company_id: int, recipient: str = MAIL, mail_id: int = 1) -> Offer | NoOffer:
    with runtime.begin() as tx:
        return invitations.offer_for_rejection(tx, company_id=company_id, recipient=recipient, mail_id=mail_id)


def test_a_rejection_mail_gets_one_relay_and_one_optout_link(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    assert first.new
    assert first.relay_url.startswith("http://127.0.0.1:8080/r/")
    assert first.optout_url.startswith("http://127.0.0.1:8080/u/")
    assert (first.agency, first.licence_no) == (AGENCY.name, AGENCY.licence_no)
    assert first.expires_on == date(2027, 2, 19)
    assert len(token_of(first.relay_url)) == len(token_of(first.optout_url)) == 22


@pytest.mark.parametrize("days", [0, 1, 29, 30])
def test_a_mail_sent_again_within_30_days_carries_the_same_link(runtime: Runtime, days: int) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL, mail_id=1)
    clock_of(runtime).advance(days * DAY_S)
    again = offer(runtime, made.company_id, "Hanako.Mihon@EXAMPLE.com", mail_id=2)
    assert again == replace(first, new=False)


@pytest.mark.parametrize(("days", "reason"), [(31, True), (364, True), (365, False), (400, False)])
def test_365_days_bar_a_link_for_a_different_notice(runtime: Runtime, days: int, reason: bool) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL)
    clock_of(runtime).advance(days * DAY_S)
    again = offered(runtime, made.company_id, mail_id=2)
    if reason:
        assert again == NoOffer("invited_within_365_days")
    else:
        assert isinstance(again, Offer)
        assert again.relay_url != first.relay_url


def test_another_company_invites_on_its_own(runtime: Runtime) -> None:
    made = parties(runtime)
    other = companies.NewCompany(name="Other", sender_domains=("example.org",))
    with runtime.begin() as tx:
        second = companies.add(tx, other).id
        agencies.add(tx, second, AGENCY)
    assert offer(runtime, made.company_id, MAIL).relay_url != offer(runtime, second, MAIL, 2).relay_url


def test_without_a_valid_licence_there_is_no_link(runtime: Runtime) -> None:
    made = parties(runtime, agency=replace(AGENCY, licence_expires_on=date(2026, 11, 30)))
    first = offer(runtime, made.company_id, MAIL)
    clock_of(runtime).advance(10 * DAY_S)
    assert offered(runtime, made.company_id) == NoOffer("no_licensed_agency")
    assert offered(runtime, made.company_id, "other@example.com") == NoOffer("no_licensed_agency")
    with runtime.begin() as tx:
        assert not consent.may_leave(tx, f"invitation:{first.invitation_id}")
        agencies.renew(tx, made.agency_id, date(2031, 11, 30))
    assert offer(runtime, made.company_id, MAIL).relay_url == first.relay_url


def test_the_link_lives_to_the_end_of_its_last_day(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    clock = clock_of(runtime)
    clock.advance(90 * DAY_S + 11 * 3600 + 3599)  # 23:59:59 in Tokyo on the day that the mail names
    with runtime.read() as tx:
        assert links.find(tx, LinkKind.RELAY, token) is not None
    clock.advance(1)
    with runtime.read() as tx:
        assert links.find(tx, LinkKind.RELAY, token) is None


def test_a_token_opens_only_its_own_kind_of_page(runtime: Runtime) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL)
    with runtime.read() as tx:
        for token in (token_of(first.relay_url), "", "x" * 22, "x" * 10_000, "\udcff"):
            for kind in LinkKind:
                found = links.find(tx, kind, token)
                assert (found is not None) == (kind is LinkKind.RELAY and token == token_of(first.relay_url))


def test_opting_out_is_silent_final_and_of_one_company(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    token = token_of(first.optout_url)
    with any_runtime.read() as tx:
        assert opt_outs.page(tx, token) == OptOutPage("株式会社サンプル工業", stopped=False, resumable=False)
        assert opt_outs.page(tx, token_of(first.relay_url)) is None
    for _ in range(2):
        with any_runtime.begin() as tx:
            assert opt_outs.stop(tx, token)
    with any_runtime.begin() as tx:
        assert not opt_outs.stop(tx, "x" * 22)
        assert links.find(tx, LinkKind.RELAY, token_of(first.relay_url)) is None
        assert suppression.is_suppressed(tx, made.company_id, MAIL.upper())
        assert not suppression.is_suppressed(tx, made.company_id, "other@example.com")
        assert not consent.may_leave(tx, f"invitation:{first.invitation_id}")
    assert offered(any_runtime, made.company_id, mail_id=2) == NoOffer("opted_out")
    clock_of(any_runtime).advance(500 * DAY_S)
    assert offered(any_runtime, made.company_id, mail_id=3) == NoOffer("opted_out")
    assert dump(any_runtime)["outgoing"] == []


def test_declining_on_the_page_is_opting_out(runtime: Runtime) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL)
    with runtime.begin() as tx:
        assert invitations.decline(tx, token_of(first.relay_url))
    assert offered(runtime, made.company_id, mail_id=2) == NoOffer("opted_out")


def test_nothing_is_remembered_of_somebody_who_opted_out(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        assert suppression.suppress(tx, made.company_id, MAIL)
        assert not suppression.suppress(tx, made.company_id, MAIL)
    assert offered(runtime, made.company_id) == NoOffer("opted_out")
    assert dump(runtime)["person"] == []


def test_reported_wrong_ends_the_link_and_sends_the_company_back_to_observe(any_runtime: Runtime) -> None:
    any_runtime = replace(any_runtime, settings=_with_https(any_runtime))
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        companies.change(tx, made.company_id, mode=Mode.AUTO)
    first = offer(any_runtime, made.company_id, MAIL, mail_id=7)
    with any_runtime.begin() as tx:
        assert not invitations.report_wrong(tx, 8, actor="user:1")
        assert invitations.report_wrong(tx, 7, actor="user:1")
    with any_runtime.read() as tx:
        assert links.find(tx, LinkKind.RELAY, token_of(first.relay_url)) is None
        assert companies.get(tx, made.company_id).mode is Mode.OBSERVE
    assert offered(any_runtime, made.company_id, mail_id=9) == NoOffer("link_revoked")
    clock_of(any_runtime).advance(31 * DAY_S)
    assert isinstance(offered(any_runtime, made.company_id, mail_id=10), Offer)  # a wrong notice bars no right one


def test_a_suspended_company_invites_nobody(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        companies.suspend(tx, made.company_id)
    assert offered(runtime, made.company_id) == NoOffer("suspended")


def test_eight_at_once_make_one_person_one_notice_one_invitation(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    barrier, urls = threading.Barrier(8), []

    def run(mail_id: int) -> None:
        barrier.wait()
        urls.append(offer(any_runtime, made.company_id, MAIL, mail_id).relay_url)

    threads = [threading.Thread(target=run, args=(mail_id,)) for mail_id in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 8
    assert len(set(urls)) == 1
    with any_runtime.read() as tx:
        for row in (PersonRow, NoticeRow, InvitationRow):
            assert tx.session.scalar(select(func.count()).select_from(row)) == 1


def _with_https(runtime: Runtime) -> Settings:
    return runtime.settings.model_copy(
        update={"web": runtime.settings.web.model_copy(update={"base_url": "https://relay.example.jp"})}
    )


def test_the_link_that_stopped_the_notes_takes_it_back(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    token = token_of(first.optout_url)
    with any_runtime.begin() as tx:
        assert opt_outs.stop(tx, token)
    with any_runtime.read() as tx:
        assert opt_outs.page(tx, token) == OptOutPage("株式会社サンプル工業", stopped=True, resumable=True)
    with any_runtime.begin() as tx:
        url = opt_outs.resume(tx, token)
        assert url
        assert url != first.relay_url  # what was ended stays ended
    with any_runtime.begin() as tx:
        assert registrations.page(tx, token_of(url), "ja") is not None
        assert registrations.page(tx, token_of(first.relay_url), "ja") is None
        assert not suppression.is_suppressed(tx, made.company_id, MAIL)
        again = invitations.offer_for_rejection(tx, company_id=made.company_id, recipient=MAIL, mail_id=2)
    assert isinstance(again, Offer)
    assert (again.relay_url, again.new) == (url, False)
    before = dump(any_runtime)
    with any_runtime.begin() as tx:
        assert opt_outs.resume(tx, token) == url  # a second press changes nothing
        assert opt_outs.resume(tx, "x" * 22) is None
    assert dump(any_runtime) == before


def test_what_the_desk_stopped_no_link_takes_back(runtime: Runtime) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL)
    token = token_of(first.optout_url)
    with runtime.begin() as tx:
        opt_outs.stop(tx, token)
        person_id = persons.find(tx, made.company_id, MAIL)
        assert person_id is not None
        withdrawals.stop_use(tx, person_id, actor="cli")
    before = dump(runtime)
    with runtime.begin() as tx:
        assert opt_outs.page(tx, token) == OptOutPage("株式会社サンプル工業", stopped=True, resumable=False)
        assert opt_outs.resume(tx, token) is None
    assert dump(runtime) == before
