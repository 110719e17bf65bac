"""A site on each database: one company in mode confirm, one licensed agency, people with each role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from core import outbox
from core.clock import ManualClock
from core.outbox import State
from core.runtime import Runtime
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.invitation import invitations
from crm.invitation.invitations import Offer
from crm.registry import companies
from crm.registry.companies import NewCompany
from rules.model import Mode
from tests.web import axe
from tests.web.browser import Browser
from web import api_access, auth, context
from web.app import create_app

COMPANY = "みなと精密工業株式会社"
AGENCY = "かもめキャリア株式会社"
CANDIDATE = "hanako@example.com"


@dataclass
class Site:
    """The whole web floor on a real database."""

    runtime: Runtime
    clock: ManualClock
    app: Flask
    company_id: int
    agency_id: int
    api_key: str

    def stranger(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, *roles: str, company_id: int | None = None) -> Browser:
        """A new person with these roles, who came by a one-time link."""
        with self.runtime.begin() as tx:
            name = "-".join(roles) + (f"-{company_id}" if company_id else "")
            user = auth.find_user(tx, f"{name}@example.jp")
            user = user or auth.create_user(tx, f"{name}@example.jp", None, roles, company_id)
            path = auth.sign_in_link(tx, user)
        browser = self.stranger()
        browser.open(path)
        browser.press("サインインする")
        return browser

    def offer(self, recipient: str = CANDIDATE, mail_id: int = 1) -> Offer:
        """The invitation that a rejection mail to ``recipient`` carries."""
        with self.runtime.begin() as tx:
            made = invitations.offer_for_rejection(tx, company_id=self.company_id, recipient=recipient, mail_id=mail_id)
        assert isinstance(made, Offer)
        return made

    def path(self, url: str) -> str:
        return url.removeprefix(self.runtime.settings.web.base_url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """One real browser for the pages of a file. While it runs, so does Playwright's event loop in this thread, and what
    other tests run by `asyncio.run` could not."""
    with axe.browser() as started:
        yield started


_apps: list[Flask] = []


def _app(runtime: Runtime) -> Flask:
    """One app for all tests, moved from database to database: it is slow to build 200 times. Its one state, the count
    of calls in this minute, begins anew."""
    if not _apps:
        _apps.append(create_app(runtime))
    context.attach(_apps[0], runtime)
    api_access.install(_apps[0])
    return _apps[0]


@pytest.fixture
def site(any_runtime: Runtime, clock: ManualClock) -> Site:
    return _site(any_runtime, clock)


@pytest.fixture
def sqlite_site(runtime: Runtime, clock: ManualClock) -> Site:
    """For what does not depend on the database."""
    return _site(runtime, clock)


def _site(runtime: Runtime, clock: ManualClock) -> Site:
    with runtime.begin() as tx:
        company = companies.add(
            tx,
            NewCompany(
                name=COMPANY,
                sender_domains=("minato.example.jp",),
                recruiting_senders=("saiyo@minato.example.jp",),
                networks=("192.0.2.0/28",),
                mode=Mode.CONFIRM,
                next_hop="smtp://127.0.0.1:2526",
                contact_mail="privacy@minato.example.jp",
                privacy_url="https://minato.example.jp/privacy",
            ),
        )
        added = agencies.add(
            tx,
            company.id,
            NewAgency(
                name=AGENCY,
                licence_no="13-ユ-301234",
                licence_expires_on=date(2029, 3, 31),
                mail="desk@kamome.example.jp",
                postal_address="東京都港区架空1-2-3",
                with_api_key=True,
            ),
        )
        for notice in outbox.waiting(tx, 10):  # of the new key: it went out before the story begins
            outbox.settle(tx, notice.id, State.SENT)
    app = _app(runtime)
    assert added.api_key is not None
    return Site(runtime, clock, app, company.id, added.agency.id, added.api_key)
