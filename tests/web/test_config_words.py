"""What an operator typed wrong is said in Japanese on a Japanese page: every refusal of the forms below is known."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from core.errors import ConfigError
from core.runtime import Tx
from crm.agency import agencies, webhooks
from crm.agency.agencies import NewAgency
from crm.registry import companies, programmes
from crm.registry.companies import NewCompany
from rules.model import Mode
from tests.web.conftest import Site
from web.problems import of_config

GOOD = NewCompany(name="例示", sender_domains=("example.org",), recruiting_senders=("hr@example.org",))
AGENCY = NewAgency("例示", "13-ユ-309999", date(2030, 1, 1), "desk@agency.example.org")
MANY = tuple(f"d{number}.example.org" for number in range(2000))
COMPANIES = [
    {"name": ""},
    {"sender_domains": ()},
    {"sender_domains": ("no domain",)},
    {"sender_domains": ("jp",)},
    {"sender_domains": MANY},
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
