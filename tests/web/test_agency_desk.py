"""The agency's inbox: a link that works once and only by a button, four trays, files, and one mail a day."""

import csv
import io
import json
from datetime import date, timedelta

import pypdf
import pytest

from careerrelay.handlers import HANDLERS
from core.runner import Runner
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.consents import consent, provisions
from crm.delivery import desk
from crm.delivery.desk import Tray
from crm.registry import companies
from crm.registry.companies import NewCompany
from ledger import adjustments, book
from ledger.adjustments import Side, Why
from tests.web import story
from tests.web.browser import Browser
from tests.web.conftest import AGENCY, CANDIDATE, COMPANY, Site
from tests.web.snapshot import every_row

DESK = "desk@kamome.example.jp"
DAY_S = 86_400
OTHER_AGENCY = NewAgency("別の人材紹介", "27-ユ-300002", date(2029, 3, 31), "desk@other.example.com")


def way_in(site: Site) -> str:
    """Ask for a link; its path."""
    stranger = site.stranger()
    stranger.open("/agency/")
    stranger.press("リンクを送る", mail=DESK)
    assert "メールをご確認ください" in stranger.page.text
    return [one for one in story.letters(site) if one.recipient == DESK][-1].link("/agency/in/")


def seated(site: Site) -> Browser:
    """Somebody of the agency, at the inbox."""
    browser = site.stranger()
    browser.open(way_in(site))
    browser.press("受信箱を開く")
    assert browser.path == "/agency/inbox/new"
    return browser


def first_referral(browser: Browser) -> str:
    return next(href for href, _ in browser.page.links if href.startswith("/agency/referrals/"))


def test_the_agency_reads_its_statements_and_approves_what_the_company_asks(sqlite_site: Site) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        programme = agencies.programme_of(tx, site.company_id, site.agency_id).id
        mine = adjustments.ask(tx, programme, 5, Why.CONTRACT, "user:1", Side.COMPANY)
        theirs = adjustments.ask(tx, programme, 7, Why.CONTRACT, "user:2", Side.OPERATOR)
        book.adjust(tx, programme, 1, reason="migration", actor="u:1", approver="u:2")
        other_company = companies.add(tx, NewCompany(name="別会社", sender_domains=("example.org",)))
        other = agencies.add(tx, other_company.id, OTHER_AGENCY).programme.id
        strange = adjustments.ask(tx, other, 9, Why.CONTRACT, "user:3", Side.COMPANY)
    site.clock.advance(40 * DAY_S)
    browser = seated(site)
    browser.follow("台帳")
    assert "別会社" not in browser.page.text
    assert browser.page.text.count("この申請は、導入企業の管理者が承認します") == 1
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    for programme_id, one in ((programme, theirs), (other, strange), (programme, strange)):
        path = f"/agency/ledger/{programme_id}/adjust/{one.id}/approve"
        browser.client.post(path, data={"csrf_token": token})
    with site.runtime.read() as tx:
        assert [book.balance(tx, one).adjusted for one in (programme, other)] == [1, 0]
    browser.open("/agency/ledger/")
    browser.press("承認して記帳する")
    assert "調整を記帳しました" in browser.page.text
    with site.runtime.read() as tx:
        assert book.balance(tx, programme).adjusted == 6
        assert adjustments.get(tx, mine.id).decided_by == f"agency:{site.agency_id}"
    browser.follow("2026年11月 CSV")
    assert browser.response.headers["Content-Disposition"].endswith(f"careerrelay-statement-{programme}-2026-11.csv")
    assert browser.client.get(f"/agency/ledger/{other}/2026-11.csv").status_code == 404
    assert browser.client.get(f"/agency/ledger/{programme}/2026-12.csv").status_code == 404


def test_a_scanner_that_follows_the_link_spends_nothing(sqlite_site: Site) -> None:
    site = sqlite_site
    link = way_in(site)
    before = every_row(site.runtime)
    scanner = site.stranger()
    for _ in range(20):
        assert scanner.client.get(link).status_code == 200
        assert scanner.client.head(link).status_code == 200
    assert every_row(site.runtime) == before
    assert AGENCY in scanner.open(link).text
    scanner.press("受信箱を開く")
    assert scanner.path == "/agency/inbox/new"


def test_the_link_works_once_and_not_for_ever(sqlite_site: Site) -> None:
    link = way_in(sqlite_site)
    first, second, third = (sqlite_site.stranger() for _ in range(3))
    for browser in (first, second):
        browser.open(link)
    first.press("受信箱を開く")
    second.press("受信箱を開く")
    assert second.status == 410
    assert second.client.get("/agency/inbox/new").status_code == 303
    link = way_in(sqlite_site)
    third.open(link)
    sqlite_site.clock.advance(desk.SIGN_IN_MINUTES * 60 + 1)
    third.press("受信箱を開く")
    assert third.status == 410


def test_a_session_ends_by_itself_by_signing_out_and_by_suspension(sqlite_site: Site) -> None:
    tired, leaving, barred = seated(sqlite_site), seated(sqlite_site), seated(sqlite_site)
    cookie = leaving.client.get_cookie("careerrelay")
    assert cookie is not None
    leaving.press("サインアウト")
    leaving.client.set_cookie("careerrelay", cookie.value)  # kept by somebody
    assert leaving.client.get("/agency/inbox/new").status_code == 303
    sqlite_site.clock.advance(desk.SESSION_HOURS * 3600 - 1)
    assert tired.client.get("/agency/inbox/new").status_code == 200
    with sqlite_site.runtime.begin() as tx:
        agencies.suspend(tx, sqlite_site.agency_id)
    assert barred.client.get("/agency/inbox/new").status_code == 303
    with sqlite_site.runtime.begin() as tx:
        agencies.suspend(tx, sqlite_site.agency_id, on=False)
    sqlite_site.clock.advance(2)
    assert tired.client.get("/agency/inbox/new").status_code == 303


def test_nobody_learns_whether_an_address_is_known_and_nobody_is_flooded(sqlite_site: Site) -> None:
    stranger = sqlite_site.stranger()
    said = set()
    for mail in ("nobody@example.com", DESK, DESK.upper(), "nonsense"):
        stranger.open("/agency/")
        said.add(stranger.press("リンクを送る", mail=mail).text)
    assert len(said) == 1
    for _ in range(10):
        stranger.open("/agency/")
        stranger.press("リンクを送る", mail=DESK)
    letters = [one for one in story.letters(sqlite_site) if one.recipient == DESK]
    assert len(letters) == desk.LINKS_AN_HOUR_MAX


def test_a_referral_goes_through_the_trays(site: Site) -> None:
    manage = story.register(site, contact=False).path
    story.hand_over(site)
    browser = seated(site)
    assert "法人営業" in browser.page.text
    assert CANDIDATE not in browser.html
    page = first_referral(browser)
    browser.open(page)
    browser.press("受け付けて、話したいと伝える")
    assert "ご希望を候補者に伝えました" in browser.page.text
    assert "法人営業" in browser.open("/agency/inbox/talk").text
    assert "ご回答待ちのプロフィールはありません" in browser.open("/agency/inbox/new").text
    candidate = site.stranger()
    candidate.open(manage)
    candidate.press("同意して、連絡先を渡す", name="港 花子", phone="")
    assert "法人営業" in browser.open("/agency/inbox/contact").text
    browser.open(page)
    browser.press("連絡先を見る")
    assert "港 花子" in browser.page.text
    candidate.open(manage)
    candidate.press("撤回する")
    browser.open("/agency/inbox/done")
    assert "削除をお願いしているものが1件" in browser.page.text
    assert "法人営業" not in browser.page.text
    browser.open(page)
    browser.press("削除しました")
    assert "削除のご連絡を受け付けました" in browser.page.text
    assert "削除をお願いしているもの" not in browser.open("/agency/inbox/done").text


def test_what_waits_longest_stands_first_and_says_so(sqlite_site: Site) -> None:
    for number in range(3):
        story.register(sqlite_site, f"person{number}@example.com", number + 1)
        story.hand_over(sqlite_site)
    sqlite_site.clock.advance(7 * DAY_S - 2 * story.HOUR_S + 1)
    with sqlite_site.runtime.read() as tx:
        rows = desk.lay_out(tx, sqlite_site.agency_id, Tray.NEW)
        found = desk.counts(tx, sqlite_site.agency_id)
    assert [row.shared_at for row in rows] == sorted(row.shared_at for row in rows if row.shared_at)
    assert (found.new, found.overdue) == (3, 1)
    text = seated(sqlite_site).page.text
    assert "7日超 1件" in text
    assert text.count("7日を過ぎています") == 1


@pytest.mark.parametrize("place", ["link", "desk"])
def test_the_profile_comes_as_files_that_say_the_same(sqlite_site: Site, place: str) -> None:
    story.register(sqlite_site)
    link = story.hand_over(sqlite_site)
    browser = seated(sqlite_site)
    base = link if place == "link" else first_referral(browser)
    with sqlite_site.runtime.read() as tx:
        [record] = provisions.of_company(tx, sqlite_site.company_id)
    before = every_row(sqlite_site.runtime)
    made = json.loads(browser.client.get(f"{base}/profile.json").get_data())
    assert provisions.payload_sha256(made) == record.payload_sha256
    own = made["meta"]["careerrelay"]
    assert own["consent_id"] == record.consent_id
    raw = browser.client.get(f"{base}/profile.csv").get_data()
    assert raw.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))
    assert (row["希望職種"], row["管理番号"], row["導入企業"]) == ("法人営業", own["pseudonym"], COMPANY)
    response = browser.client.get(f"{base}/profile.pdf")
    assert response.headers["Content-Disposition"] == f'attachment; filename="{own["pseudonym"]}.pdf"'
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(response.get_data())).pages)
    for word in (
        "求職者プロフィール",
        "法人営業",
        "簿記2級、Excel",
        own["pseudonym"],
        COMPANY,
        "東京都",
        record.consent_id,
    ):
        assert word in text, word
    assert every_row(sqlite_site.runtime) == before
    for kind in ("json", "csv", "pdf"):
        content = browser.client.get(f"{base}/profile.{kind}").get_data()
        assert "花子".encode() not in content
        assert CANDIDATE.encode() not in content
    assert browser.client.get(f"{base}/profile.exe").status_code == 404


def test_no_file_leaves_once_consent_has_ended(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    browser = seated(sqlite_site)
    page = first_referral(browser)
    with sqlite_site.runtime.begin() as tx:
        [record] = provisions.of_company(tx, sqlite_site.company_id)
        registration = browser.client.get(f"{page}/profile.json").status_code == 200 and _registration(tx)
        consent.withdraw(tx, str(registration))
    for kind in ("json", "csv", "pdf"):
        assert browser.client.get(f"{page}/profile.{kind}").status_code == 404
    rows = list(csv.reader(io.StringIO(browser.client.get("/agency/inbox/new.csv").get_data().decode("utf-8-sig"))))
    assert len(rows) == 1  # the names of the columns
    assert record.consent_id not in browser.open(page).text


def _registration(tx: object) -> str:
    from sqlalchemy import select

    from core.runtime import Tx
    from crm.tables import RegistrationRow

    assert isinstance(tx, Tx)
    return str(tx.session.scalars(select(RegistrationRow.id)).one())


def test_an_agency_finds_no_referral_of_another(sqlite_site: Site) -> None:
    from datetime import date

    from crm.agency.agencies import NewAgency

    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    page = first_referral(seated(sqlite_site))
    with sqlite_site.runtime.begin() as tx:
        other = NewAgency("つばめ人材株式会社", "27-ユ-300001", date(2030, 1, 31), "tsubame@example.com")
        agencies.add(tx, sqlite_site.company_id, other)
    stranger = sqlite_site.stranger()
    stranger.open("/agency/")
    stranger.press("リンクを送る", mail="tsubame@example.com")
    letter = [one for one in story.letters(sqlite_site) if one.recipient == "tsubame@example.com"][-1]
    stranger.open(letter.link("/agency/in/"))
    stranger.press("受信箱を開く")
    assert "法人営業" not in stranger.page.text
    token = dict(stranger.page.forms[0].fields)["csrf_token"]
    assert stranger.client.get(page).status_code == 404
    assert stranger.client.get(f"{page}/profile.json").status_code == 404
    for act in ("answer", "talk", "deleted", "outcome", "contact"):
        sent = {"csrf_token": token, "answer": "accepted", "kind": "hired", "month": "2026-11"}
        assert stranger.client.post(f"{page}/{act}", data=sent).status_code == 404, act
    assert stranger.client.post(f"{page}/answer", data={"answer": "accepted"}).status_code == 400


def test_one_mail_a_day_instead_of_one_each(sqlite_site: Site) -> None:
    site = sqlite_site
    browser = seated(site)
    browser.open("/agency/settings")
    browser.press("保存する", mails="digest")
    before = len(story.letters(site))
    for number in range(3):
        story.register(site, f"person{number}@example.com", number + 1)
    site.clock.advance(story.HOUR_S)
    story.work(site)
    to_desk = [one for one in story.letters(site)[before:] if one.recipient == DESK]
    assert to_desk == []
    for days in range(2):
        with site.runtime.begin() as tx:
            assert desk.enqueue_digests(tx) == 1
            assert desk.enqueue_digests(tx) == 0
        Runner(site.runtime, {desk.DIGEST_JOB: HANDLERS[desk.DIGEST_JOB]}, "test").drain()
        letters = [one for one in story.letters(site)[before:] if one.recipient == DESK]
        assert len(letters) == days + 1
        site.clock.advance(DAY_S)
    assert "ご回答待ち3件" in letters[0].subject
    assert "法人営業" not in letters[0].text
    morning = site.stranger()
    morning.open(letters[0].link("/agency/in/"))
    morning.press("受信箱を開く")
    assert morning.page.text.count("法人営業") == 3


def test_nothing_happened_no_mail(sqlite_site: Site) -> None:
    with sqlite_site.runtime.begin() as tx:
        agencies.set_mails(tx, sqlite_site.agency_id, "digest")
        assert not desk.digest(tx, sqlite_site.agency_id)
    assert story.letters(sqlite_site) == []


def test_an_outcome_is_told_only_with_the_candidates_consent(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    browser = seated(sqlite_site)
    page = first_referral(browser)
    browser.open(page)
    browser.press("受け付ける")
    assert "経過を記録する" not in browser.page.text
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    sent = {"csrf_token": token, "kind": "hired", "month": "2026-11"}
    browser.client.post(f"{page}/outcome", data=sent)
    assert "ご本人が経過の報告に同意していない" in browser.open(page).text
    assert every_row(sqlite_site.runtime)["outcome"] == []


def test_the_silent_week_is_told_to_all_three(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    before = len(story.letters(sqlite_site))
    sqlite_site.clock.advance(timedelta(days=7).total_seconds())
    story.work(sqlite_site)
    told = {one.recipient for one in story.letters(sqlite_site)[before:]}
    assert told == {DESK, CANDIDATE, "privacy@minato.example.jp"}
