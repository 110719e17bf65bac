"""Who may act as an agency: no admin of a company makes its keys or sets its webhook, and the agency hears of each."""

import re

import pytest

from crm.agency import api_keys, webhooks
from crm.registry import companies
from tests.web import story
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.snapshot import every_row

URL = "https://agency.example.jp/careerrelay?token=hidden"
DESK = "desk@kamome.example.jp"
FORGED = ("key", "keys", "webhook", "webhook/rotate", "webhook/test", "webhook/resend/x")
_SECRET = re.compile(r"cr[0-9a-f]{8}\.[A-Za-z0-9_-]{22}|whsec_[A-Za-z0-9+/=]{40,}")


def test_an_admin_of_its_only_company_makes_nothing_of_an_agency(sqlite_site: Site) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        webhooks.put(tx, site.agency_id, URL, actor="user:1")
    admin, page = site.signed_in("admin", company_id=site.company_id), f"/console/agencies/{site.agency_id}"
    said = admin.open(page).text
    for words in ("設定あり", "キーの発行は、全体の管理者だけが行えます", "宛先とシークレットの設定、テスト、再送は"):
        assert words in said
    assert "agency.example.jp/careerrelay?" not in admin.html
    assert {form.action.rpartition("/")[2] for form in admin.page.forms} == {
        "mails", "remove", "revoke", "suspend", "sign-out"}  # fmt: skip
    token = dict(admin.page.forms[0].fields)["csrf_token"]
    assert "APIキーの発行は、全体の管理者だけが行えます。" in admin.open("/console/agencies/").text
    assert "紹介会社を登録" not in admin.page.text
    data = {"csrf_token": token, "url": "https://minato.example.jp/hook", "scope": "contacts:read"}
    before = every_row(site.runtime)
    for act in FORGED:
        assert admin.client.post(f"{page}/{act}", data=data).status_code == 403, act
    new = data | {"company_id": str(site.company_id), "name": "つばめ人材株式会社", "licence_no": "27-ユ-300001"}
    new |= {"licence_expires_on": "2030-01-31", "mail": "tsubame@example.com"}
    assert admin.client.get("/console/agencies/new").status_code == 403
    assert admin.client.post("/console/agencies/new", data=new).status_code == 403
    assert every_row(site.runtime) == before


def test_an_admin_of_its_only_company_ends_key_and_webhook(sqlite_site: Site) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        webhooks.put(tx, site.agency_id, URL, actor="user:1")
    admin = site.signed_in("admin", company_id=site.company_id)
    admin.open(f"/console/agencies/{site.agency_id}")
    admin.press("Webhookを解除する")
    assert "設定なし" in admin.page.text
    site.clock.advance(1)
    admin.press("無効にする")
    *_, hook, key = story.letters(site)
    assert ("Webhookが解除されました" in hook.subject, "APIキーが無効になりました" in key.subject) == (True, True)
    assert ("送信先のサーバー: agency.example.jp" in hook.text, "hidden" in hook.text) == (True, False)
    assert site.api_key.partition(".")[0] in key.text
    assert {hook.recipient, key.recipient} == {DESK}
    for told in (hook, key):
        assert "操作した人: 管理者(管理画面)" in told.text
    with site.runtime.read() as tx:
        assert webhooks.get(tx, site.agency_id) is None
        assert api_keys.check(tx, site.api_key) is None


def test_the_agency_is_told_of_each_key_and_webhook_and_of_no_secret(sqlite_site: Site) -> None:
    site = sqlite_site
    admin, page = site.signed_in("admin"), f"/console/agencies/{site.agency_id}"
    token = dict(admin.open(page).forms[0].fields)["csrf_token"]
    acts: tuple[tuple[str, dict[str, str], str], ...] = (
        ("keys", {"scope": "contacts:read"}, "APIキーが発行されました"),
        ("key", {}, "APIキーが発行されました"),
        ("webhook", {"url": URL}, "Webhookが設定されました"),
        ("webhook", {"url": f"{URL}&second=1"}, "Webhookの宛先が変更されました"),
        ("webhook/rotate", {}, "Webhookのシークレットが差し替えられました"),
    )
    for number, (act, given, subject) in enumerate(acts, 1):
        shown = admin.client.post(f"{page}/{act}", data={"csrf_token": token} | given).get_data(as_text=True)
        told = [one for one in story.letters(site) if "無効" not in one.subject]  # "key" ends the ones before
        assert len(told) == number, act
        assert (told[-1].recipient, subject in told[-1].subject) == (DESK, True), act
        assert "全体の管理者(管理画面)" in told[-1].text
        assert "2026年" in told[-1].text
        for secret in _SECRET.findall(shown):
            assert secret not in told[-1].text
            assert act == "webhook/rotate" or act == "webhook" or secret.partition(".")[0] in told[-1].text
        assert not re.search(r"whsec_|hidden", told[-1].text)
    assert len(_SECRET.findall(shown)) == 1


@pytest.mark.parametrize(
    ("actor", "words"), [("cli", "システムの運用担当者"), ("agency:1", "受信箱にサインインした方")]
)
def test_the_letter_says_in_which_role_it_was_done(sqlite_site: Site, actor: str, words: str) -> None:
    with sqlite_site.runtime.begin() as tx:
        api_keys.make(tx, agency_id=sqlite_site.agency_id, actor=actor)
    assert words in story.letters(sqlite_site)[-1].text


def test_no_key_without_the_letter_and_no_letter_without_the_key(sqlite_site: Site) -> None:
    site = sqlite_site
    admin, page = site.signed_in("admin"), f"/console/agencies/{site.agency_id}"
    with site.runtime.begin() as tx:
        companies.suspend(tx, site.company_id)
    before = every_row(site.runtime)
    admin.open(page)
    admin.press("発行する")
    assert "お知らせのメールを送れないため、変更していません" in admin.page.text
    assert every_row(site.runtime) == before


def test_to_end_a_key_never_fails_for_want_of_a_letter(sqlite_site: Site) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        companies.suspend(tx, site.company_id)
        api_keys.revoke(tx, site.api_key.partition(".")[0], agency_id=site.agency_id, actor="cli")
    with site.runtime.read() as tx:
        assert api_keys.check(tx, site.api_key) is None
    assert story.letters(site) == []


def test_a_key_in_place_of_all_others_tells_of_both(sqlite_site: Site) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        new = api_keys.replace_all(tx, site.agency_id, actor="cli")
    told = {letter.subject.partition("】")[2]: letter.text for letter in story.letters(site)}
    assert new.partition(".")[0] in told["APIキーが発行されました"]
    assert site.api_key.partition(".")[0] in told["APIキーが無効になりました"]


def test_the_agency_makes_and_revokes_its_own_keys_at_its_desk(sqlite_site: Site) -> None:
    site = sqlite_site
    assert site.stranger().client.get("/agency/keys/").status_code == 303
    desk = at_the_desk(site)
    desk.follow("システム連携")
    assert site.api_key.partition(".")[0] in desk.page.text
    desk.press("発行する", scope=["referrals:read"])
    (key,) = _SECRET.findall(desk.page.text)
    told = story.letters(site)[-1]
    assert (told.recipient, "貴社の受信箱にサインインした方" in told.text, key in told.text) == (DESK, True, False)
    with site.runtime.read() as tx:
        bearer = api_keys.check(tx, key)
        assert bearer is not None
        assert (bearer.agency_id, bearer.reach, set(bearer.scopes)) == (site.agency_id, None, {"referrals:read"})
    assert key not in desk.open("/agency/keys/").text
    token = dict(desk.page.forms[0].fields)["csrf_token"]
    none = desk.client.post("/agency/keys/", data={"csrf_token": token}, follow_redirects=True)
    assert "1つ以上選んでください" in none.get_data(as_text=True)
    assert desk.client.post("/agency/keys/crffffffff/revoke", data={"csrf_token": token}).status_code == 404
    prefix = key.partition(".")[0]
    assert desk.client.post(f"/agency/keys/{prefix}/revoke", data={"csrf_token": token}).status_code == 303
    with site.runtime.read() as tx:
        assert api_keys.check(tx, key) is None
        assert api_keys.check(tx, site.api_key) is not None


def at_the_desk(site: Site) -> Browser:
    desk = site.stranger()
    desk.open("/agency/")
    desk.press("リンクを送る", mail=DESK)
    desk.open(story.letters(site)[-1].link("/agency/in/"))
    desk.press("受信箱を開く")
    site.clock.advance(1)
    return desk


def test_the_agency_sets_tests_and_ends_its_own_webhook_at_its_desk(sqlite_site: Site) -> None:
    site, desk = sqlite_site, at_the_desk(sqlite_site)
    desk.open("/agency/keys/")
    desk.press("Webhookを設定する", url=" https://8.8.8.8/careerrelay?token=hidden ")
    (secret,) = _SECRET.findall(desk.page.text)
    told = story.letters(site)[-1]
    assert (told.recipient, "Webhookが設定されました" in told.subject, secret in told.text) == (DESK, True, False)
    assert "貴社の受信箱にサインインした方" in told.text
    assert secret not in desk.open("/agency/keys/webhook/").text  # asked for again: not shown twice
    with site.runtime.read() as tx:
        found = webhooks.get(tx, site.agency_id)
    assert found is not None
    assert (found.url, found.reach) == ("https://8.8.8.8/careerrelay?token=hidden", None)
    desk.press("テスト用の通知を送る")
    assert "送信待ち" in desk.page.text
    desk.press("シークレットを差し替える")
    assert _SECRET.findall(desk.page.text) not in ([], [secret])
    site.clock.advance(1)
    desk.open("/agency/keys/")
    desk.press("Webhookを解除する")
    assert "Webhookが解除されました" in story.letters(site)[-1].subject
    with site.runtime.read() as tx:
        assert webhooks.get(tx, site.agency_id) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://8.8.8.8/hook", "公開されたサーバーの"),
        ("https://127.0.0.1/hook", "公開されたサーバーの"),
        ("https://169.254.169.254/latest", "公開されたサーバーの"),
        ("https://8.8.8.8:22/", "公開されたサーバーの"),
        ("https://user:secret@8.8.8.8/", "パスワードは書けません"),
        ("ftp://8.8.8.8/", "のような形で入力してください"),
        ("", "のような形で入力してください"),
    ],
)
def test_the_desk_takes_a_public_address_by_https_only(sqlite_site: Site, url: str, words: str) -> None:
    desk = at_the_desk(sqlite_site)
    desk.open("/agency/keys/")
    before = every_row(sqlite_site.runtime)
    desk.press("Webhookを設定する", url=url)
    assert words in desk.page.text
    assert every_row(sqlite_site.runtime) == before
