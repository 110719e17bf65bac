"""Every page of the candidate in a real browser: axe in both languages and widths, keyboard alone, no JavaScript."""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser as Chromium

from crm.arrival import company_links
from tests.web import axe, story
from tests.web.axe import DESKTOP, PHONE, Visitor
from tests.web.conftest import CANDIDATE, Site

RESUME = """氏名 山田 太郎
現住所 東京都港区架空1-2-3
希望職種: 法人営業
■職務要約
山田商事株式会社で法人営業を6年経験しました。
■資格
日商簿記2級
"""
MAIN = "main form .btn-primary"


@dataclass
class Walk:
    """A person who goes from page to page; axe looks at each before the next step."""

    who: Visitor
    size: tuple[int, int]
    complaints: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def at(self, path: str) -> None:
        self.who.open(path)
        self.look()

    def press(self, selector: str = MAIN) -> None:
        with self.who.page.expect_navigation():
            self.who.page.locator(selector).first.click()
        self.look()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.who.page.locator(f"[name={name}]").fill(value)

    def tick(self, selector: str = "main input[type=checkbox]") -> None:
        for box in self.who.page.locator(selector).all():
            box.check()

    def look(self) -> None:
        self.seen.append(self.who.page.locator("h1").inner_text())
        self.complaints += self.who.complaints(self.size)


def _register(walk: Walk, link: str) -> str:
    """From the invitation to the receipt, by way of a résumé and of every mistake; returns the manage page."""
    walk.at(link)
    walk.fill(mail=CANDIDATE)
    walk.press()
    walk.who.page.locator("details.from-resume > summary").click()
    walk.press("details.from-resume form button")  # nothing pasted: a problem
    walk.fill(resume=RESUME)
    walk.press("details.from-resume form button")
    walk.press()
    walk.who.page.locator("input[name=strike]").first.check()
    walk.press("main form[action$=confirm] .btn-primary")  # nothing ticked: problems
    walk.tick()
    walk.fill(name="山田 太郎")
    walk.press("main form[action$=confirm] .btn-primary")
    return walk.who.page.url


def _arrive(walk: Walk, site: Site, link: str) -> None:
    walk.at(link)
    walk.fill(mail="someone@example.org")
    walk.tick()
    walk.press()
    walk.fill(code="1")
    walk.press()
    code = re.search(r"\b(\d{6})\b", story.letters(site)[-1].text)
    assert code is not None
    walk.fill(code=code.group(1))
    walk.press()
    walk.press()


def _other_address(walk: Walk, site: Site, link: str) -> None:
    """Another address than the link's: the page of the code, with everything that helps there."""
    walk.who.open(link)
    walk.fill(mail="private@example.org")
    with walk.who.page.expect_navigation():
        walk.who.page.locator(MAIN).first.click()
    walk.fill(wanted_job="経理", years="3")
    walk.who.page.locator("[name=prefecture]").select_option("13")
    with walk.who.page.expect_navigation():
        walk.who.page.locator(MAIN).first.click()
    walk.tick("[name^='box.profile'], [name=adult]")
    walk.press("main form[action$=confirm] .btn-primary")
    walk.press("form[action$=again] button")
    walk.who.page.locator("main details > summary").click()
    walk.fill(mail="a..b@example.com")
    walk.press("details form[action$=again] button")  # no address: a problem


def _whole_road(site: Site, walk: Walk) -> None:
    """Every page a candidate can come to, each at least once."""
    first, second = site.offer(), site.offer("other@example.com", 2)
    with site.runtime.begin() as tx:
        company = company_links.make(tx, site.company_id, actor="cli").url
    manage = _register(walk, site.path(first.relay_url)).removeprefix(walk.who.base_url)
    walk.at(site.path(first.relay_url))  # registered already
    walk.at(f"{manage}/correct")
    walk.press()
    walk.press()
    walk.at(story.letters(site)[0].link("/m/undo/"))
    story.hand_over(site)
    walk.at(manage)
    _arrive(walk, site, site.path(company))
    for path in (f"{site.path(second.relay_url)}/no", "/r/unknown", "/u/unknown"):
        walk.at(path)
    walk.at(site.path(second.optout_url))
    walk.press()
    walk.at(site.path(second.optout_url))  # stopped already
    walk.press("main form button")  # and wanted again
    _other_address(walk, site, site.path(story.link_of(site, second)))
    walk.at(f"{manage}/address")
    walk.fill(mail="a..b@example.com")
    walk.press()  # a problem
    walk.fill(mail="hanako.new@example.org")
    walk.press()
    walk.fill(code=story.code(site))
    walk.press()
    [told] = [one for one in story.letters(site) if one.recipient == CANDIDATE and "/m/restore/" in one.text]
    walk.at(told.link("/m/restore/"))
    walk.press("main form button")  # it was not me
    walk.press()  # go on
    manage = walk.who.page.url.removeprefix(walk.who.base_url)
    walk.who.open(manage)
    walk.who.page.locator("details:has(form[action$=erase]) > summary").click()
    walk.tick("form[action$=erase] input[type=checkbox]")
    walk.press("form[action$=erase] button")


@pytest.mark.parametrize(
    ("lang", "size"),
    [
        ("ja", PHONE),
        pytest.param("ja", DESKTOP, marks=pytest.mark.torture),
        pytest.param("en", PHONE, marks=pytest.mark.torture),
        pytest.param("en", DESKTOP, marks=pytest.mark.torture),
    ],
)
def test_axe_has_nothing_to_say_about_any_page_of_the_candidate(
    sqlite_site: Site, chromium: Chromium, lang: str, size: tuple[int, int]
) -> None:
    with axe.served(sqlite_site.app) as url, axe.visitor(chromium, url, lang=lang) as who:
        walk = Walk(who, size)
        _whole_road(sqlite_site, walk)
    assert walk.complaints == []
    assert who.outside == []
    assert len(set(walk.seen)) >= 21  # titles; some pages share one


def test_the_road_to_the_receipt_is_good_in_english_on_a_wide_screen_too(sqlite_site: Site, chromium: Chromium) -> None:
    """The other corner of the two by two that `make torture` walks in full."""
    with axe.served(sqlite_site.app) as url, axe.visitor(chromium, url, lang="en") as who:
        walk = Walk(who, DESKTOP)
        _register(walk, sqlite_site.path(sqlite_site.offer().relay_url))
    assert walk.complaints == []
    assert walk.seen[-1] == "You are registered"


def test_axe_sees_what_is_wrong(chromium: Chromium) -> None:
    """The rules are really run: a page with a nameless field, pale text and a wide table is complained about."""
    with axe.visitor(chromium, "http://127.0.0.1:1") as who:
        who.page.set_content(
            "<html lang=ja><title>x</title><main><h1>x</h1><input><p style='color:#bbb'>pale</p>"
            "<div style='width:60rem'>wide</div></main>"
        )
        found = who.complaints(PHONE)
    assert {one.split(" ")[2].rstrip(":") for one in found[:-1]} == {"label", "color-contrast"}
    assert found[-1].endswith("scrolls sideways")


def _tab_to(who: Visitor, selector: str) -> None:
    """Press Tab until the first such element has the focus, and see that the focus shows (WCAG 2.4.7, 2.4.11)."""
    wanted = who.page.locator(selector).first
    for _ in range(60):
        who.page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            box, height = wanted.bounding_box(), who.page.viewport_size
            assert wanted.evaluate("e => getComputedStyle(e).outlineStyle !== 'none' && e.matches(':focus-visible')")
            assert box is not None
            assert height is not None
            assert -1 <= box["y"] < height["height"]
            return
    raise AssertionError(f"the keyboard does not reach {selector} on {who.page.url}")


@pytest.mark.parametrize("javascript", [False, pytest.param(True, marks=pytest.mark.torture)])
def test_a_candidate_registers_by_keyboard_alone_with_and_without_javascript(
    sqlite_site: Site, chromium: Chromium, javascript: bool
) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    with axe.served(sqlite_site.app) as url, axe.visitor(chromium, url, javascript=javascript) as who:
        keys = who.page.keyboard
        who.open(link)
        _tab_to(who, "[name=mail]")
        keys.type(CANDIDATE)
        _press(who, "Enter")
        _tab_to(who, "[name=wanted_job]")
        keys.type("法人営業")
        _tab_to(who, "[name=prefecture]")
        keys.press("ArrowDown")
        _tab_to(who, "[name=years]")
        keys.type("6")
        _press(who, "Enter")
        for box in ("[name^='box.profile']", "[name=adult]"):
            _tab_to(who, box)
            keys.press("Space")
        _tab_to(who, "form[action$=confirm] .btn-primary")
        _press(who, "Enter")
        assert "登録を受け付けました" in who.page.content()
        assert who.outside == []


def _press(who: Visitor, key: str) -> None:
    with who.page.expect_navigation():
        who.page.keyboard.press(key)
