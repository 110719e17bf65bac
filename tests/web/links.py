"""Every address that can be opened by whoever knows it, and what stands behind a door."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy import select
from werkzeug.routing import Rule

from crm.arrival import company_links
from crm.candidate import address_proofs
from crm.tables import ConsentRow
from tests.web import story
from tests.web.conftest import Site
from web import auth

#: What nobody has to know: pages, documents and files that are the same for all.
_COMMON = ("/", "/robots.txt", "/healthz", "/readyz", "/metrics", "/static/mark.svg", "/static/none.svg",
           "/bootstrap/static/css/bootstrap.min.css", "/api/v1/openapi.json", "/api/v1/problems", "/agency/",
           "/agency/sign-in", "/console/sign-in")  # fmt: skip
_UNKNOWN = ("/r/unknown", "/u/unknown", "/m/unknown", "/r/c/unknown", "/r/c/code/unknown", "/r/code/unknown",
            "/m/undo/unknown", "/m/address/unknown", "/m/restore/unknown",
            "/agency/l/unknown", "/agency/in/unknown", "/console/sign-in/unknown",
            "/consent/unknown")  # fmt: skip


def every_link(site: Site) -> list[str]:
    """A public link of every kind, in every state that has a page of its own, and some that nobody made."""
    offer = site.offer()
    manage = story.register(site).path
    other = site.path(site.offer("other@example.com", 2).relay_url)
    undo = story.letters(site)[0].link("/m/undo/")
    agency = story.hand_over(site)
    code = story.agree(story.fill(site, other, "elsewhere@example.com")).path
    relay, optout = site.path(offer.relay_url), site.path(offer.optout_url)
    return [relay, f"{relay}/no", f"{relay}/profile", f"{relay}/resume", f"{relay}/preview", f"{relay}/confirm", optout,
            manage, f"{manage}/address", _new_address(site, manage), undo, agency,
            code, other, f"{agency}/contact", f"{agency}/profile.pdf", f"{agency}/profile.csv",
            f"{manage}/withdraw", f"{manage}/withdraw/pool", f"{manage}/correct", f"{manage}/correct/confirm",
            *_of_arrivals(site), *_of_people_with_a_desk(site), _consent_text(site), *_taken_back(site), *_COMMON,
            *_UNKNOWN]  # fmt: skip


def _new_address(site: Site, manage: str) -> str:
    with site.runtime.begin() as tx:
        token = manage.rpartition("/")[2]
        return f"/m/address/{address_proofs.ask_change(tx, token, 'hanako.new@example.org', sure=False)}"


def _taken_back(site: Site) -> tuple[str, str]:
    """The link of who has a former address, and the page of a registration that is held."""
    site.clock.advance(1)
    found = []
    for number, name in enumerate(("changed", "held"), start=7):
        manage = story.register(site, f"{name}@example.com", number).path
        found.append(story.take_over(site, manage, f"{name}@example.com", f"{name}@example.org"))
    browser = site.stranger()
    browser.open(found[1])
    browser.press("心当たりがないので、元に戻す")
    return found[0], browser.path


def _of_arrivals(site: Site) -> Iterator[str]:
    """The company's own link, and the pages of people who came by it."""
    with site.runtime.begin() as tx:
        company = site.path(company_links.make(tx, site.company_id, actor="cli").url)
    yield company
    for confirmed in (False, True):
        browser = site.stranger()
        browser.open(company)
        browser.press("6桁の数字を受け取る", mail="someone@example.org", adult=story.ADULT)
        yield browser.path
        found = re.search(r"\b(\d{6})\b", story.letters(site)[-1].text)
        if confirmed and found:
            browser.press("確認する", code=found.group(1))
            yield f"{browser.path}/ask"


def _of_people_with_a_desk(site: Site) -> Iterator[str]:
    """The links by which an agency and somebody of the company sign in."""
    asking = site.stranger()
    asking.open("/agency/")
    asking.press("リンクを送る", mail="desk@kamome.example.jp")
    yield story.agency_link(site, "/agency/in/")
    with site.runtime.begin() as tx:
        user = auth.create_user(tx, "looking@example.jp", None, ("admin",), site.company_id)
        yield auth.sign_in_link(tx, user)


def _consent_text(site: Site) -> str:
    with site.runtime.read() as tx:
        return f"/consent/{tx.session.scalars(select(ConsentRow.text_sha256).limit(1)).one()}"


def unopened(site: Site, paths: list[str]) -> list[Rule]:
    """Rules of the site that answer GET and that none of ``paths`` leads to."""
    adapter = site.app.url_map.bind("")
    plain = [urlsplit(path).path for path in paths]
    opened = {adapter.match(path, method="GET")[0] for path in plain if "GET" in adapter.allowed_methods(path)}
    rules = [rule for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return [rule for rule in rules if rule.endpoint not in opened]


def is_behind_a_door(site: Site, rule: Rule) -> bool:
    """Whether a stranger is asked who they are there: sent to a sign-in page, or refused for want of a key."""
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
    answer = site.app.test_client().get(re.sub(r"<[^>]+>", "1", path))
    asked = answer.status_code == 303 and answer.headers["Location"].startswith(("/console/sign-in", "/agency/"))
    return asked or answer.status_code == 401
