"""Codes beside the pages: sent again, corrected, for a new address, and for who asks at the desk."""

import pytest

from tests.web import story
from tests.web.browser import Browser
from tests.web.conftest import CANDIDATE, Site
from tests.web.snapshot import every_row
from tests.web.test_requests import ask

OTHER, NEW = "private@example.org", "hanako.new@example.org"


def at_code(site: Site, mail: str = OTHER) -> Browser:
    return story.agree(story.fill(site, site.path(site.offer().relay_url), mail))


def test_the_code_page_says_where_it_went_and_until_when_and_sends_again(sqlite_site: Site) -> None:
    browser = at_code(sqlite_site)
    assert "送り先: p…@example.org。数字は 12:10 まで、5回まで入力できます。" in browser.page.text
    before = every_row(sqlite_site.runtime)
    browser.open(browser.path)
    assert every_row(sqlite_site.runtime) == before
    sqlite_site.clock.advance(600)
    assert "この数字はもう使えません" in browser.open(browser.path).text
    browser.press("確認して登録する", code="123456")
    assert "新しい数字をお受け取りください" in browser.page.text
    for left in ("残り1回", "今日は、これ以上お送りできません"):
        browser.press("数字をもう一度送る")
        assert left in browser.page.text
    assert "数字は 12:20 まで" in browser.page.text
    browser.press("確認して登録する", code=story.code(sqlite_site))
    assert "登録を受け付けました" in browser.page.text


def test_a_slip_in_the_address_costs_nothing_that_was_typed(sqlite_site: Site) -> None:
    browser = at_code(sqlite_site, "private@example.orgg")
    browser.press("このアドレスに直す", mail="private")
    assert browser.status == 422
    assert "「名前@ドメイン」の形で" in browser.page.text
    browser.press("このアドレスに直す", mail=OTHER)
    assert "p…@example.org。" in browser.page.text
    browser.press("確認して登録する", code=story.code(sqlite_site))
    assert "法人営業" in browser.page.text
    assert [letter.recipient for letter in story.letters(sqlite_site)][-1] == OTHER


def test_the_address_of_the_notice_needs_no_code(sqlite_site: Site) -> None:
    browser = at_code(sqlite_site)
    browser.press("このアドレスに直す", mail=CANDIDATE)
    assert "登録を受け付けました" in browser.page.text


def test_a_candidate_changes_the_address_and_the_old_links_end(sqlite_site: Site) -> None:
    manage = story.register(sqlite_site).path
    story.hand_over(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(story.agency_link(sqlite_site))
    desk.press("受け付けて、話したいと伝える")
    browser = sqlite_site.stranger()
    browser.open(manage)
    browser.follow("メールアドレスを変更する")
    browser.press("6桁の数字を受け取る", mail=CANDIDATE)
    assert "今のアドレスと同じです" in browser.page.text
    browser.press("6桁の数字を受け取る", mail=NEW)
    assert "送り先: h…@example.org" in browser.page.text
    code = story.code(sqlite_site)
    browser.press("確認する", code="0")
    assert "コードが違います" in browser.page.text
    browser.press("確認する", code=code)
    assert "メールアドレスを変更しました" in browser.page.text
    assert "訂正した連絡先" in browser.page.text
    assert browser.path.startswith("/m/")
    assert browser.path != manage
    assert "このリンクは使えません" in sqlite_site.stranger().open(manage).text
    by_recipient = {letter.recipient: letter for letter in story.letters(sqlite_site)}
    assert NEW not in by_recipient[CANDIDATE].text
    assert by_recipient[NEW].link("/m/") == browser.path
    assert NEW in by_recipient["desk@kamome.example.jp"].text


@pytest.mark.parametrize("who", ["the person", "the desk"])
def test_who_asks_is_known_by_a_code_to_the_address(sqlite_site: Site, who: str) -> None:
    story.register(sqlite_site)
    browser = ask(sqlite_site, "correction")
    page = browser.path
    browser.press("6桁の数字を送る")
    code, link = story.code(sqlite_site), story.letters(sqlite_site)[-1].link("/m/address/")
    if who == "the desk":
        browser.press("数字を確かめる", code="999999" if code != "999999" else "1")
        assert "コードが違います" in browser.page.text
        browser.press("数字を確かめる", code=code)
    else:
        person = sqlite_site.stranger()
        before = every_row(sqlite_site.runtime)
        assert CANDIDATE not in person.open(link).text
        assert every_row(sqlite_site.runtime) == before
        person.press("確認する", code=code)
        assert "担当者からのご連絡をお待ちください" in person.page.text
        browser.open(page)
    assert "メールで送った6桁の数字で確認" in browser.page.text
    browser.press("6桁の数字を送る", mail="nobody")
    assert "「名前@ドメイン」の形で" in browser.page.text
    browser.press("6桁の数字を送る", mail=NEW)
    browser.press("数字を確かめる", code=story.code(sqlite_site))
    assert "以前のアドレスにもお知らせしました" in browser.page.text
    browser.press("完了する", answer="訂正しました")
    assert "完了" in browser.page.text


def test_the_way_by_code_cannot_be_claimed_without_one(sqlite_site: Site) -> None:
    browser = ask(sqlite_site, "erasure")
    (form,) = [form for form in browser.page.forms if form.action.endswith("/identity")]
    assert "code" not in form.choices["how"]
    browser.press("本人確認を記録する", how="code")
    assert browser.status == 404
