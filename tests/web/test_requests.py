"""The desk for requests of people, the register of purposes, and the words of a consent by their hash."""

import email
import email.policy
import json

import pytest
from sqlalchemy import select

from careerrelay.handlers import HANDLERS
from core.runner import Runner
from crm.registry import companies
from crm.registry.companies import NewCompany
from crm.tables import ConsentTextRow
from tests.web import mailing, story
from tests.web.browser import Browser
from tests.web.conftest import AGENCY, CANDIDATE, COMPANY, Site
from tests.web.snapshot import every_row

DAY_S = 86_400


def ask(site: Site, kind: str, mail: str = CANDIDATE) -> Browser:
    browser = site.signed_in("admin")
    browser.open("/console/requests/")
    browser.press("請求を記録する", kind=kind, channel="letter", mail=mail, note="書面で届きました")
    return browser


def test_a_disclosure_from_intake_to_the_file(sqlite_site: Site) -> None:
    mailing.arrive(sqlite_site)
    story.register(sqlite_site)
    browser = ask(sqlite_site, "disclosure")
    assert "まず本人確認" in browser.page.text
    assert "JSONで受け取る" not in browser.page.text
    browser.press("本人確認を記録する", how="document")
    browser.press("JSONで受け取る")
    file = json.loads(browser.html)
    assert file["tables"]["person_mail"][0]["sealed"] == CANDIDATE
    assert [mail["verdict"] for mail in file["mails"]] == ["inject"]
    letter = email.message_from_string(file["mails"][0]["original"], policy=email.policy.default)
    assert "採用を見送らせて" in letter.get_content()
    assert browser.response.headers["Content-Disposition"] == 'attachment; filename="person.json"'
    browser.open("/console/requests/")
    browser.follow("開示")
    browser.press("読む形で受け取る")
    assert "法人営業" in browser.html
    browser.open("/console/requests/")
    browser.follow("開示")
    browser.press("完了する", answer="書面でお送りしました")
    assert "書面でお送りしました" in browser.page.text
    assert "完了" in browser.page.text
    assert "お待たせしている請求はありません" in browser.open("/console/requests/").text
    assert "書面" in browser.open("/console/requests/?show=all").text


def test_an_erasure_needs_the_box_and_leaves_nothing_on_the_page(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    browser = ask(sqlite_site, "erasure")
    browser.press("本人確認を記録する", how="mail_answered")
    browser.press("完了する")
    assert "確認のチェックを入れてください" in browser.page.text
    browser.press("完了する", sure="1")
    assert "(消去済み)" in browser.page.text
    assert CANDIDATE not in browser.html
    page = browser.open("/console/requests/")
    assert AGENCY in page.text
    sqlite_site.clock.advance(8 * DAY_S)
    Runner(sqlite_site.runtime, HANDLERS, "test").drain()
    assert "削除の報告が1件" in browser.open("/console/").text
    browser.open("/console/requests/")
    browser.press("書面や電話で報告を受けた")
    assert "報告を待っている削除の依頼はありません" in browser.page.text


def test_an_overdue_request_is_shown_on_the_first_page(sqlite_site: Site) -> None:
    browser = ask(sqlite_site, "stop_use", "dareka@example.com")
    assert "期限を過ぎています" not in browser.open("/console/").text
    sqlite_site.clock.advance(15 * DAY_S)
    browser = sqlite_site.signed_in("admin")
    assert "本人からの請求が1件、期限を過ぎています" in browser.open("/console/").text
    assert "期限超過" in browser.open("/console/requests/").text
    browser.follow("利用停止")
    browser.press("お断りを記録する", reason="nothing_held")
    assert "情報を保有していない" in browser.page.text
    assert "期限を過ぎています" not in sqlite_site.signed_in("auditor").open("/console/").text


def test_wrong_input_is_named_and_kept(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    browser.open("/console/requests/")
    browser.press("請求を記録する", kind="erasure", mail="nobody", note="消してください")
    assert browser.status == 422
    assert "消してください" in browser.html


def test_a_person_of_another_company_sees_no_request(sqlite_site: Site) -> None:
    ask(sqlite_site, "erasure")
    with sqlite_site.runtime.begin() as tx:
        other = companies.add(tx, NewCompany(name="かえで商事株式会社", sender_domains=("kaede.example.jp",)))
    path = sqlite_site.signed_in("admin").open("/console/requests/").links
    [href] = [href for href, text in path if text == "消去"]
    browser = sqlite_site.signed_in("admin", company_id=other.id)
    assert "お待たせしている請求はありません" in browser.open("/console/requests/").text
    browser.open(href)
    assert browser.status == 404
    assert CANDIDATE not in browser.html


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_register_shows_every_purpose_and_a_paragraph(sqlite_site: Site, lang: str) -> None:
    text = sqlite_site.signed_in("viewer").open(f"/console/purposes/?lang={lang}").text
    assert ("個人情報保護法 27条1項" if lang == "ja" else "APPI article 27(1)") in text
    assert COMPANY in text
    assert "みなと精密工業株式会社は、選考結果のご連絡にあわせて" in text


def test_the_words_of_a_consent_are_read_by_their_hash(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    with sqlite_site.runtime.read() as tx:
        texts = {row.sha256: row.text for row in tx.session.scalars(select(ConsentTextRow))}
    assert texts
    before = every_row(sqlite_site.runtime)
    browser = sqlite_site.stranger()
    for text_sha256, text in texts.items():
        browser.open(f"/consent/{text_sha256}")
        assert browser.status == 200
        assert "".join(text.split()) in "".join(browser.page.text.split())
        assert CANDIDATE not in browser.html
        assert browser.response.headers["X-Robots-Tag"] == "noindex, nofollow"
    for unknown in ("0" * 64, "x", "0" * 63, next(iter(texts)).upper()):
        browser.open(f"/consent/{unknown}")
        assert browser.status == 404
    assert every_row(sqlite_site.runtime) == before
