"""The company's own link as people meet it: an address, six digits, the personal link; and HR's short list."""

import re

import pytest

from crm import persons, signals
from crm.arrival import company_links
from crm.consents import consent_texts
from crm.rights import person_file
from crm.signals import SignalRow
from rules.model import AtsStatus
from tests.web import story
from tests.web.browser import Browser
from tests.web.conftest import AGENCY, CANDIDATE, COMPANY, Site
from tests.web.snapshot import every_row


def company_path(site: Site) -> str:
    with site.runtime.begin() as tx:
        return site.path(company_links.make(tx, site.company_id, actor="cli").url)


def type_address(site: Site, mail: str = CANDIDATE) -> Browser:
    browser = site.stranger()
    browser.open(company_path(site))
    browser.press("6桁の数字を受け取る", mail=mail, adult=story.ADULT)
    return browser


def type_code(site: Site, browser: Browser) -> Browser:
    found = re.search(r"\b(\d{6})\b", story.letters(site)[-1].text)
    assert found is not None
    browser.press("確認する", code=found.group(1))
    return browser


def reject_in_ats(site: Site, mail: str = CANDIDATE) -> None:
    with site.runtime.begin() as tx:
        signals.store(tx, site.company_id, SignalRow("file", mail, AtsStatus.REJECTED, tx.now))


def test_the_page_says_what_the_invitation_says(sqlite_site: Site) -> None:
    text = sqlite_site.stranger().open(company_path(sqlite_site)).text
    for said in (COMPANY, AGENCY, "13-ユ-301234", "2029年3月31日(土)", "すべて無料です", "登録は任意です",
                 "10人の登録が", "3年間保存", "privacy@minato.example.jp", "18歳以上", "6桁の数字"):  # fmt: skip
        assert said in text, said


def test_a_rejected_applicant_comes_to_the_receipt(site: Site) -> None:
    reject_in_ats(site)
    browser = type_code(site, type_address(site))
    assert re.fullmatch(r"/r/[\w-]{22}", browser.path)
    assert CANDIDATE not in browser.html
    browser.press("プロフィールの入力へ")  # the address was confirmed and is not asked for again
    browser.press("渡す内容を確かめる", **story.PROFILE)
    story.agree(browser)
    assert "登録を受け付けました" in browser.page.text
    assert story.letters(site)[-1].recipient == CANDIDATE


def test_nobody_learns_whether_an_address_is_known(sqlite_site: Site) -> None:
    reject_in_ats(sqlite_site)
    pages = [type_address(sqlite_site, mail) for mail in (CANDIDATE, "hibari@example.com")]
    shown = {re.sub(r'value="[^"]+"|[\w-]{22}', "", page.html) for page in pages}
    assert len(shown) == 1
    assert {page.status for page in pages} == {200}


def test_an_unmatched_address_is_shown_to_hr_only_when_the_candidate_asks(site: Site) -> None:
    browser = type_code(site, type_address(site))
    assert "見つかりません" in browser.page.text
    desk = site.signed_in("recruiter")
    assert CANDIDATE not in desk.open("/console/links/").text
    browser.press("確かめてもらう")
    assert "確認を依頼しました" in browser.page.text
    assert CANDIDATE in desk.open("/console/links/").text
    desk.press("お知らせした")
    assert CANDIDATE not in desk.page.text
    letter = story.letters(site)[-1]
    assert letter.recipient == CANDIDATE
    browser.open(letter.link("/r/"))
    assert "先ほど確認したアドレス" not in browser.page.text  # days later, maybe somebody else: it is typed once more


def test_the_age_that_was_confirmed_is_kept_with_its_words(sqlite_site: Site) -> None:
    sqlite_site.offer()
    type_address(sqlite_site)
    with sqlite_site.runtime.read() as tx:
        person_id = persons.find(tx, sqlite_site.company_id, CANDIDATE)
        assert person_id is not None
        file = person_file.file_of(tx, person_id)
    [arrival] = file["tables"]["arrival"]
    assert file["consent_texts"] == {arrival["adult_sha256"]: consent_texts.age_words("ja").text}


@pytest.mark.parametrize("ticked", ["", "1", "0" * 64])
def test_other_words_than_those_beside_the_box_are_not_agreed_to(sqlite_site: Site, ticked: str) -> None:
    browser = sqlite_site.stranger()
    browser.open(company_path(sqlite_site))
    before = every_row(sqlite_site.runtime)
    browser.press("6桁の数字を受け取る", mail=CANDIDATE, adult=ticked)
    assert "18歳以上の方だけが登録できます" in browser.page.text
    assert every_row(sqlite_site.runtime) == before


def test_who_has_the_link_alone_does_not_learn_the_address_behind_it(sqlite_site: Site) -> None:
    reject_in_ats(sqlite_site)
    browser = type_code(sqlite_site, type_address(sqlite_site))
    assert "先ほど確認したアドレスで続けます" in browser.page.text
    stranger = sqlite_site.stranger()
    assert "先ほど確認したアドレス" not in stranger.open(browser.path).text
    stranger.press("プロフィールの入力へ", mail="")
    assert "メールアドレスを入力してください" in stranger.page.text


def test_an_answer_is_given_once(sqlite_site: Site) -> None:
    browser = type_code(sqlite_site, type_address(sqlite_site))
    browser.press("確かめてもらう")
    first, second = sqlite_site.signed_in("recruiter"), sqlite_site.signed_in("admin")
    first.open("/console/links/")
    second.open("/console/links/")
    first.press("確認できない")
    before = every_row(sqlite_site.runtime)
    second.press("お知らせした")
    assert "すでに済んでいます" in second.page.text
    assert every_row(sqlite_site.runtime) == before


def test_who_opted_out_gets_no_code_and_the_page_does_not_tell(sqlite_site: Site) -> None:
    offer = sqlite_site.offer()
    browser = sqlite_site.stranger()
    browser.open(sqlite_site.path(offer.optout_url))
    browser.press("案内を受け取らない")
    pages = [type_address(sqlite_site, mail) for mail in (CANDIDATE, "hayato@example.com")]
    assert len({re.sub(r'value="[^"]+"|[\w-]{22}', "", page.html) for page in pages}) == 1
    assert [letter.recipient for letter in story.letters(sqlite_site)] == ["hayato@example.com"]
    browser.open(sqlite_site.path(offer.optout_url))
    assert "この案内は止めてあります" in browser.page.text
    browser.press("また案内を受け取る")
    assert "また受け取れるようになりました" in browser.page.text
    assert COMPANY in browser.follow("今回の案内を見る").text
    type_address(sqlite_site)
    assert [letter.recipient for letter in story.letters(sqlite_site)][-1] == CANDIDATE


def test_digits_are_sent_again_and_the_address_can_be_corrected(sqlite_site: Site) -> None:
    browser = type_address(sqlite_site)
    for _ in range(2):
        browser.press("数字をもう一度送る")
        assert "いちばん新しいメールの数字" in browser.page.text
    assert "今日は、これ以上お送りできません" in browser.page.text
    assert len(story.letters(sqlite_site)) == 3
    browser.follow("アドレスを直す")
    assert "はじめる" in browser.page.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"mail": "", "adult": story.ADULT}, "メールアドレスを入力してください"),
        ({"mail": "a..b@example.com", "adult": story.ADULT}, "このアドレスで間違いありません"),
        ({"mail": CANDIDATE}, "18歳以上の方だけが"),
    ],
)
def test_a_wrong_address_or_age_is_named(sqlite_site: Site, fields: dict[str, str], told: str) -> None:
    browser = sqlite_site.stranger()
    browser.open(company_path(sqlite_site))
    browser.press("6桁の数字を受け取る", **fields)
    assert browser.status == 422
    assert told in browser.page.text
    asked = "このアドレスで間違いありません" in browser.page.text
    assert asked is ("a..b" in fields["mail"]), "nobody is asked whether an empty field is right"
    assert not story.letters(sqlite_site)


def test_too_many_tries_from_one_place_have_to_wait(sqlite_site: Site) -> None:
    path, browser = company_path(sqlite_site), sqlite_site.stranger()
    for number in range(31):
        browser.open(path)
        browser.press("6桁の数字を受け取る", mail=f"nobody{number}@example.org", adult=story.ADULT)
    assert browser.status == 429
    assert "しばらく待ってから" in browser.page.text
    assert len(story.letters(sqlite_site)) == 30


def test_hr_makes_the_link_and_gets_text_and_code(sqlite_site: Site) -> None:
    admin = sqlite_site.signed_in("admin")
    admin.open("/console/links/")
    admin.press("リンクを作る")
    with sqlite_site.runtime.read() as tx:
        link = company_links.of(tx, sqlite_site.company_id)
    assert link is not None
    assert link.url in admin.html
    assert AGENCY in admin.page.text
    assert "<svg viewBox" in admin.html
    assert not re.search(r"\sstyle=", admin.html)
    admin.press("作り直す")
    assert link.url not in admin.html
