"""The agency's page behind a link: its own referral only, an answer once, the contact after the candidate's word."""

import pytest

from crm.agency import agencies
from ledger import book
from tests.web import story
from tests.web.conftest import CANDIDATE, COMPANY, Site
from tests.web.snapshot import every_row


def _credits(site: Site) -> int:
    with site.runtime.read() as tx:
        return book.balance(tx, agencies.programme_of(tx, site.company_id, site.agency_id).id).earned


def test_accepting_by_the_link_earns_the_credit(site: Site) -> None:
    story.register(site)
    desk = site.stranger()
    text = desk.open(story.hand_over(site)).text
    assert "法人営業" in text
    assert COMPANY in text
    assert "花子" not in text
    assert CANDIDATE not in text
    desk.press("受け付ける")
    assert "「受け付ける」とご回答いただきました" in desk.page.text
    assert _credits(site) == 1
    desk.press("連絡先を見る")
    assert "港 花子" in desk.page.text
    assert CANDIDATE in desk.page.text


@pytest.mark.parametrize("label", ["登録済みの方(重複)", "対象外"])
def test_declining_by_the_link_earns_nothing(sqlite_site: Site, label: str) -> None:
    story.register(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(story.hand_over(sqlite_site))
    desk.press(label)
    assert "ご回答いただきました" in desk.page.text
    assert _credits(sqlite_site) == 0


def test_without_consent_to_contact_there_is_none(sqlite_site: Site) -> None:
    story.register(sqlite_site, contact=False)
    link = story.hand_over(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(link)
    desk.press("受け付ける")
    assert "連絡先はまだ渡っていません" in desk.page.text
    assert _credits(sqlite_site) == 0
    token = dict(desk.page.forms[-1].fields)["csrf_token"]
    assert desk.client.post(f"{link}/contact", data={"csrf_token": token}).status_code == 409


def test_the_candidate_answers_the_wish_to_talk(site: Site) -> None:
    manage = story.register(site, contact=False).path
    desk = site.stranger()
    link = story.hand_over(site)
    desk.open(link)
    desk.press("受け付けて、話したいと伝える")
    assert "ご本人の返事を待っています" in desk.page.text
    candidate = site.stranger()
    candidate.open(manage)
    assert "お話ししたいと希望しています" in candidate.page.text
    candidate.press("同意して、連絡先を渡す", name="港 花子", phone="")
    assert "連絡先を渡しました" in candidate.page.text
    assert _credits(site) == 1
    desk.open(link)
    desk.press("連絡先を見る")
    assert "港 花子" in desk.page.text


def test_the_candidate_may_decline_to_talk(sqlite_site: Site) -> None:
    manage = story.register(sqlite_site, contact=False).path
    desk = sqlite_site.stranger()
    link = story.hand_over(sqlite_site)
    desk.open(link)
    desk.press("受け付けて、話したいと伝える")
    candidate = sqlite_site.stranger()
    candidate.open(manage)
    candidate.press("今回は断る")
    assert "連絡先は渡っていません" in candidate.page.text
    assert "今回はお話を控えたい" in desk.open(link).text
    assert _credits(sqlite_site) == 0


def test_an_answer_pressed_twice_is_one_answer(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    link = story.hand_over(sqlite_site)
    first, second = sqlite_site.stranger(), sqlite_site.stranger()
    first.open(link)
    second.open(link)
    first.press("受け付ける")
    before = every_row(sqlite_site.runtime)
    second.press("受け付ける")
    assert _credits(sqlite_site) == 1
    assert every_row(sqlite_site.runtime)["ledger_entry"] == before["ledger_entry"]
