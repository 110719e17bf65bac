"""Signing in: a link that works once, a password, and what stops guessing."""

import pytest

from core.errors import ConfigError
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.snapshot import every_row
from web import auth, throttle
from web.app import create_app

_PASSWORD = "correct horse battery staple"


def _user(site: Site, password: str | None = None) -> str:
    with site.runtime.begin() as tx:
        user = auth.create_user(tx, "Sakura@example.jp", password, ["admin"])
        return auth.sign_in_link(tx, user)


def test_a_link_signs_in_once_and_by_its_button(site: Site) -> None:
    path = _user(site)
    first, second = site.stranger(), site.stranger()
    before = every_row(site.runtime)
    for browser in (first, second):  # a mail scanner, a preview, and its person
        browser.open(path)
        assert browser.client.head(path).status_code == 200
        assert "管理画面へのサインイン" in browser.page.text
        assert "sakura" not in browser.html
    assert every_row(site.runtime) == before
    first.press("サインインする")
    assert first.path.startswith("/console/")
    assert "sakura@example.jp" in first.page.text
    second.press("サインインする")
    assert "/console/sign-in" in second.path
    assert "使用済み" in second.page.text
    assert "使用済み" in site.stranger().open(path).text


def test_a_link_that_was_used_leads_its_own_person_home(sqlite_site: Site) -> None:
    path = _user(sqlite_site)
    browser = sqlite_site.stranger()
    browser.open(path)
    browser.press("サインインする")
    browser.open(path)
    assert browser.status == 200
    assert "/console/sign-in" not in browser.path


def test_a_link_dies_after_its_minutes(sqlite_site: Site) -> None:
    path = _user(sqlite_site)
    waiting = sqlite_site.stranger()
    waiting.open(path)
    sqlite_site.clock.advance(auth.LINK_MINUTES * 60)
    waiting.press("サインインする")
    assert "使用済み" in waiting.page.text
    assert "/console/sign-in" in waiting.path
    assert "使用済み" in sqlite_site.stranger().open(path).text


def test_a_stranger_s_form_does_not_sign_anybody_in(sqlite_site: Site) -> None:
    path = _user(sqlite_site)
    before = every_row(sqlite_site.runtime)
    assert sqlite_site.app.test_client().post(path).status_code == 400
    assert every_row(sqlite_site.runtime) == before


def test_a_person_who_is_removed_is_signed_out_at_once(sqlite_site: Site) -> None:
    path = _user(sqlite_site, _PASSWORD)
    with sqlite_site.runtime.begin() as tx:
        user = auth.find_user(tx, "sakura@example.jp")
        assert user is not None
        unused = auth.sign_in_link(tx, user)
    browser = sqlite_site.stranger()
    browser.open(path)
    browser.press("サインインする")
    assert browser.path.startswith("/console/")
    with sqlite_site.runtime.begin() as tx:
        auth.remove_user(tx, "sakura@example.jp", actor="cli")
    browser.open("/console/")
    assert "/console/sign-in" in browser.path
    assert "使用済み" in sqlite_site.stranger().open(unused).text


def test_a_person_who_was_switched_off_cannot_sign_in(sqlite_site: Site) -> None:
    path = _user(sqlite_site)
    with sqlite_site.runtime.begin() as tx:
        user = auth.find_user(tx, "sakura@example.jp")
        assert user is not None
        user.active = False
    browser = sqlite_site.stranger()
    browser.open(path)
    browser.press("サインインする")
    assert "/console/sign-in" in browser.path


@pytest.mark.parametrize(
    ("email", "password", "inside"),
    [
        ("sakura@example.jp", _PASSWORD, True),
        ("SAKURA@EXAMPLE.JP", _PASSWORD, True),
        ("sakura@example.jp", "wrong horse battery staple", False),
        ("nobody@example.jp", _PASSWORD, False),
        ("sakura@example.jp", "", False),
    ],
)
def test_a_password_signs_in(sqlite_site: Site, email: str, password: str, inside: bool) -> None:
    _user(sqlite_site, _PASSWORD)
    browser = sqlite_site.stranger()
    browser.open("/console/ledger/")
    browser.press("サインイン", email=email, password=password)
    assert browser.path.startswith("/console/ledger/") == inside
    if not inside:
        # One sentence for every failure: it does not tell whether the address is known.
        assert "メールアドレスまたはパスワードが違います" in browser.page.text


def test_who_has_no_password_cannot_sign_in_with_one(sqlite_site: Site) -> None:
    _user(sqlite_site)
    browser = sqlite_site.stranger()
    browser.open("/console/sign-in")
    browser.press("サインイン", email="sakura@example.jp", password=_PASSWORD)
    assert browser.path.startswith("/console/sign-in")


def test_guessing_is_stopped_and_a_restart_forgets_nothing(site: Site) -> None:
    _user(site, _PASSWORD)
    browser = site.stranger()
    browser.open("/console/sign-in")
    with site.runtime.begin() as tx:
        for _ in range(throttle.FAILURES_OF_A_NAME_MAX - 1):
            throttle.count(tx, "sakura@example.jp", "192.0.2.77")
    browser.press("サインイン", email="sakura@example.jp", password="guess guess guess")
    assert browser.status == 200
    browser = Browser(create_app(site.runtime).test_client())
    browser.open("/console/sign-in")
    browser.press("サインイン", email="Sakura@example.jp ", password=_PASSWORD)
    assert browser.status == 429
    site.clock.advance(throttle.WINDOW_MINUTES * 60)
    browser.open("/console/sign-in")
    browser.press("サインイン", email="sakura@example.jp", password=_PASSWORD)
    assert browser.status == 200
    assert "sakura@example.jp" in browser.page.text


def test_many_names_from_one_place_are_stopped_too(sqlite_site: Site) -> None:
    with sqlite_site.runtime.begin() as tx:
        for number in range(throttle.FAILURES_FROM_A_PLACE_MAX):
            throttle.count(tx, f"name{number}@example.jp", "192.0.2.77")
        assert throttle.blocked(tx, "new@example.jp", "192.0.2.77")
        assert not throttle.blocked(tx, "new@example.jp", "192.0.2.78")


def test_signing_out_ends_the_session(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("viewer")
    browser.press("サインアウト")
    browser.open("/console/")
    assert "/console/sign-in" in browser.path


def test_after_signing_in_nobody_is_sent_to_another_site(sqlite_site: Site) -> None:
    _user(sqlite_site, _PASSWORD)
    browser = sqlite_site.stranger()
    browser.open("/console/sign-in?next=https://evil.example.com/")
    browser.press("サインイン", email="sakura@example.jp", password=_PASSWORD)
    assert "evil" not in browser.path
    assert "evil" not in (browser.response.request.url if browser.response.request else "")


@pytest.mark.parametrize(
    ("email", "password", "roles", "told"),
    [
        ("sakura", None, ["admin"], "not a mail address"),
        ("sakura@example.jp", None, ["boss"], "role 'boss'"),
        ("sakura@example.jp", None, [], "at least one"),
        ("sakura@example.jp", "short", ["admin"], "password"),
    ],
)
def test_a_wrong_user_is_refused_with_a_reason(
    sqlite_site: Site, email: str, password: str | None, roles: list[str], told: str
) -> None:
    with sqlite_site.runtime.begin() as tx, pytest.raises(ConfigError, match=told):
        auth.create_user(tx, email, password, roles)


def test_an_address_is_taken_once(sqlite_site: Site) -> None:
    _user(sqlite_site)
    with sqlite_site.runtime.begin() as tx, pytest.raises(ConfigError, match="already"):
        auth.create_user(tx, "sakura@EXAMPLE.jp", None, ["viewer"])


def test_passwords_and_links_are_not_stored(site: Site) -> None:
    path = _user(site, _PASSWORD)
    everything = repr(every_row(site.runtime))
    assert _PASSWORD not in everything
    assert path.rpartition("/")[2] not in everything
    assert "$argon2id$" in everything
