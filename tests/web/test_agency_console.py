"""The console's page of one agency: webhook and secret, every event with resend, keys with scopes, stopping it."""

import re

from crm.agency import agency_events, api_keys
from crm.delivery import referrals
from crm.referral.referral_states import Answer
from tests.web import story
from tests.web.conftest import Site

URL = "https://agency.example.jp/careerrelay"


def test_the_page_sets_shows_and_sends_again(sqlite_site: Site) -> None:
    site = sqlite_site
    admin = site.signed_in("admin")
    page = f"/console/agencies/{site.agency_id}"
    admin.open("/console/agencies/")
    admin.follow("受け渡しの設定と記録")
    assert admin.path == page
    admin.open(page)
    token = dict(admin.page.forms[0].fields)["csrf_token"]
    admin.client.post(f"{page}/webhook", data={"csrf_token": token, "url": "ftp://agency.example.jp"})
    assert "https://agency.example.jp/careerrelay のような形" in admin.open(page).text
    shown = admin.client.post(f"{page}/webhook", data={"csrf_token": token, "url": URL}).get_data(as_text=True)
    secrets = re.findall(r"whsec_[A-Za-z0-9+/=]{40,}", shown)
    assert len(secrets) == 1
    admin.open(page)
    admin.press("シークレットを差し替える")
    assert secrets[0] not in admin.html
    assert "whsec_" in admin.html
    story.register(site)
    story.hand_over(site)
    admin.open(page)
    assert "whsec_" not in admin.html
    assert "古いシークレットの署名も付けています" in admin.page.text
    admin.press("テスト用の通知を送る")
    assert "referral.shared" in admin.page.text
    assert "webhook.test" in admin.page.text
    admin.press("再送")
    assert "もう一度送信します" in admin.page.text
    with site.runtime.read() as tx:
        assert [one.type.value for one in agency_events.after(tx, site.agency_id, 0)] == [
            "referral.shared",
            "webhook.test",
        ]
    admin.press("Webhookを解除する")
    assert "再送" not in admin.page.text


def test_keys_are_made_with_scopes_and_revoked_and_the_agency_is_stopped(sqlite_site: Site) -> None:
    site = sqlite_site
    admin = site.signed_in("admin")
    page = f"/console/agencies/{site.agency_id}"
    admin.open(page)
    admin.press("発行する", scope=["referrals:read"])
    found = re.search(r"cr[0-9a-f]{8}\.[A-Za-z0-9_-]{22}", admin.page.text)
    assert found
    with site.runtime.read() as tx:
        bearer = api_keys.check(tx, found.group())
        assert bearer is not None
        assert {one.value for one in bearer.scopes} == {"referrals:read"}
    admin.open(page)
    admin.press("無効にする")
    admin.press("この紹介会社とのやり取りを止める")
    assert "停止中" in admin.page.text
    admin.press("再開する")
    with site.runtime.read() as tx:
        assert api_keys.check(tx, found.group()) is None
        assert api_keys.check(tx, site.api_key) is not None


def test_the_page_says_when_the_agency_was_last_heard_of(sqlite_site: Site) -> None:
    site = sqlite_site
    admin = site.signed_in("admin")
    page = f"/console/agencies/{site.agency_id}"
    manage = story.register(site).path
    story.hand_over(site)
    said = admin.open(page).text
    assert "最後の回答 まだありません 回答待ち1件(うち7日を過ぎたもの0件)" in said
    assert "最後の削除の確認 まだありません 確認待ち0件" in said
    with site.runtime.begin() as tx:
        [(_, referral)] = referrals.for_agency(tx, site.agency_id)
        referrals.answer(tx, site.agency_id, referral.id, Answer.ACCEPTED)
    site.clock.advance(86_400)
    assert re.search(r"最後の回答 2026\S+ \S+ 回答待ち0件", admin.open(page).text)
    candidate = site.stranger()
    candidate.open(manage)
    candidate.press("撤回する")
    assert "まだありません 確認待ち1件" in admin.open(page).text
    with site.runtime.begin() as tx:
        referrals.acknowledge_recall(tx, site.agency_id, referral.id)
    assert re.search(r"最後の削除の確認 2026\S+ \S+ 確認待ち0件", admin.open(page).text)
    assert "Webhookの最後の受け取り" not in admin.page.text
