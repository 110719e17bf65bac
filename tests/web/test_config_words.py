"""What an operator typed wrong is said in Japanese on a Japanese page: every refusal of the forms below is known."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from core.errors import ConfigError, Mistake
from core.runtime import Tx
from crm.agency import agencies, webhooks
from crm.agency.agencies import NewAgency
from crm.registry import companies, programmes
from crm.registry.companies import NewCompany
from rules.model import Mode
from tests.web.conftest import Site
from web.config_words import WORDS
from web.problems import Said, of_config

GOOD = NewCompany(name="例示", sender_domains=("example.org",), recruiting_senders=("hr@example.org",))
AGENCY = NewAgency("例示", "13-ユ-309999", date(2030, 1, 1), "desk@agency.example.org")
MANY = tuple(f"d{number}.example.org" for number in range(2000))
COMPANIES = [
    {"name": ""},
    {"sender_domains": ()},
    {"sender_domains": ("no domain",)},
    {"sender_domains": ("jp",)},
    {"sender_domains": MANY},
    {"sender_domains": ("minato.example.jp",), "recruiting_senders": ()},
    {"locale": "fr"},
    {"signed_mail": "burn"},
    {"dkim_sign": "none"},
    {"recruiting_senders": ("hr@elsewhere.example.com",)},
    {"recruiting_senders": ("nobody",)},
    {"networks": ("0.0.0.0/0",)},
    {"networks": ("192.0.2.300",)},
    {"hold_minutes": 0},
    {"keep_passed_days": -1},
    {"tone": "A-"},
    {"stamp": "no field"},
    {"mail_from": "nobody"},
    {"contact_mail": "nobody"},
    {"next_hop": "http://example.org"},
    {"next_hop": "smtp://user:secret@example.org:25"},
    {"next_hop": "smtp://user@example.org:25"},
    {"next_hop": "smtp://example.org:99999"},
    {"next_hop": "smtp://-:25"},
    {"privacy_url": "example.org"},
    {"timezone": "Moon/Crater"},
]
AGENCIES = [
    {"name": ""},
    {"licence_no": ""},
    {"licence_no": "特-1"},
    {"licence_expires_on": date(2020, 1, 1)},
    {"mail": "nobody"},
    {"mail": "a@b c"},
    {"licence_no": "13-ユ-301234"},
]


def codes_below() -> set[str]:
    """Every code that the floors below give to a mistake, read from their source."""
    found: set[str] = set()
    for floor in ("core", "crm"):
        for file in Path(str(resources.files(floor))).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id="Mistake"), args=[_, ast.Constant(value=str(code)), *_]):
                        found.add(code)
    return found


def test_every_code_of_a_mistake_has_its_words_and_no_words_are_left_over() -> None:
    assert codes_below() == set(WORDS)


def test_a_mistake_is_known_by_its_code_and_not_by_its_text(sqlite_site: Site) -> None:
    with sqlite_site.app.test_request_context("/?lang=en"):
        [known] = of_config(ConfigError(Mistake("anything", "hold_minutes", {"n": 1440})))
        [plain] = of_config(ConfigError("hold minutes: 1 to 1440"))
        [said] = of_config(Said("company_id", "Please."))
    assert (known.field, "1440" in known.text, "anything" in known.text) == ("hold_minutes", True, False)
    assert (plain.field, "(hold minutes: 1 to 1440)" in plain.text) == ("", True)
    assert (said.field, said.text) == ("company_id", "Please.")


def words(site: Site, act: Callable[[Tx], object]) -> list[str]:
    with site.app.test_request_context("/?lang=ja"), pytest.raises(ConfigError) as refused, site.runtime.begin() as tx:
        act(tx)
    with site.app.test_request_context("/?lang=ja"):
        return [one.text for one in of_config(refused.value)]


def japanese(text: str) -> bool:
    """No English sentence is left: three words of Latin letters in a row, beside what the operator typed."""
    return not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", text) and bool(re.search(r"[ぁ-ん]", text))


def test_every_refusal_of_a_form_is_in_japanese(sqlite_site: Site) -> None:
    site = sqlite_site
    said: list[str] = []
    for changes in COMPANIES:
        said += words(site, lambda tx, changes=changes: companies.add(tx, replace(GOOD, **changes)))  # type: ignore[misc]
    for changed in AGENCIES:
        said += words(site, lambda tx, changed=changed: agencies.add(tx, site.company_id, replace(AGENCY, **changed)))  # type: ignore[misc]
    said += words(site, lambda tx: programmes.open_programme(tx, site.company_id, site.agency_id))
    for url in ("ftp://agency.example.jp", "https://user:secret@agency.example.jp/"):
        said += words(site, lambda tx, url=url: webhooks.put(tx, site.agency_id, url, actor="test"))  # type: ignore[misc]
    assert [line for line in said if not japanese(line)] == []
    assert len(said) >= len(COMPANIES) + len(AGENCIES) + 3


def test_no_mails_without_another_way_and_modes_without_https_are_in_japanese(sqlite_site: Site) -> None:
    site = sqlite_site

    def without_a_way(tx: Tx) -> None:
        added = agencies.add(tx, site.company_id, AGENCY).agency
        agencies.set_mails(tx, added.id, "none")

    clear = replace(GOOD, mode=Mode.AUTO, next_hop="smtp://mx.example.org:25")
    said = words(site, without_a_way) + words(site, lambda tx: companies.add(tx, clear))
    assert len(said) == 2
    assert [line for line in said if not japanese(line)] == []
