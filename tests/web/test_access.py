"""Role x page: who may open what, and nobody sees another company (ASVS 5.0 8.2.1, 8.2.2)."""

import pytest

from crm.registry import companies
from crm.registry.companies import NewCompany
from rules.model import Mode
from tests.web import mailing
from tests.web.conftest import COMPANY, Site
from tests.web.snapshot import every_row
from web.auth import ROLES
from web.console.access import VIEWS

LOOK = ("admin", "recruiter", "viewer", "auditor")
MAIL = ("admin", "recruiter")
ADMIN = ("admin",)

# Written down a second time on purpose: a change of the table must be meant twice.
EXPECTED: dict[str, tuple[str, ...]] = {
    "GET /console/": LOOK,
    "GET /console/mails/": LOOK,
    "GET /console/mails/news": LOOK,
    "GET /console/mails/{mail}": LOOK,
    "GET /console/mails/{mail}/frame/original": MAIL,
    "GET /console/mails/{mail}/frame/final": MAIL,
    "POST /console/mails/{mail}/retry": MAIL,
    "POST /console/mails/{mail}/wrong": MAIL,
    "GET /console/queues/held": LOOK,
    "GET /console/queues/review": LOOK,
    "POST /console/queues/{mail}/approve": MAIL,
    "POST /console/queues/{mail}/release": MAIL,
    "POST /console/queues/{mail}/sentence": MAIL,
    "GET /console/sentences/": LOOK,
    "POST /console/sentences/1/forget": MAIL,
    "GET /console/ledger/": LOOK,
    "GET /console/ledger/1/proof": LOOK,
    "GET /console/ledger/1/2026-10.pdf": LOOK,
    "GET /console/ledger/1/hands": ADMIN,
    "POST /console/ledger/1/adjust": ADMIN,
    "POST /console/ledger/1/adjust/x/approve": ADMIN,
    "POST /console/ledger/1/reverse": ADMIN,
    "POST /console/ledger/1/terms": ADMIN,
    "GET /console/introductions/": MAIL,
    "GET /console/introductions/new": MAIL,
    "POST /console/introductions/new": MAIL,
    "GET /console/introductions/x": MAIL,
    "POST /console/introductions/x/accept": MAIL,
    "GET /console/companies/": LOOK,
    "GET /console/companies/{company}": LOOK,
    "POST /console/companies/{company}": ADMIN,
    "POST /console/companies/{company}/bypass": ADMIN,
    "GET /console/companies/new": ADMIN,
    "POST /console/companies/new": ADMIN,
    "GET /console/companies/{company}/keys": ADMIN,
    "POST /console/companies/{company}/keys": ADMIN,
    "POST /console/companies/{company}/keys/x/revoke": ADMIN,
    "GET /console/links/": MAIL,
    "POST /console/links/{company}/make": ADMIN,
    "POST /console/links/arrivals/x": MAIL,
    "GET /console/requests/": ADMIN,
    "POST /console/requests/": ADMIN,
    "GET /console/requests/x": ADMIN,
    "POST /console/requests/x/identity": ADMIN,
    "POST /console/requests/x/file": ADMIN,
    "POST /console/requests/x/done": ADMIN,
    "POST /console/requests/x/refuse": ADMIN,
    "POST /console/requests/x/code": ADMIN,
    "POST /console/requests/x/digits": ADMIN,
    "POST /console/requests/recalls/x": ADMIN,
    "GET /console/purposes/": LOOK,
    "GET /console/agencies/": LOOK,
    "GET /console/agencies/new": ADMIN,
    "POST /console/agencies/new": ADMIN,
    "POST /console/agencies/{agency}/renew": ADMIN,
    "POST /console/agencies/{agency}/key": ADMIN,
    "GET /console/agencies/{agency}": ADMIN,
    "POST /console/agencies/{agency}/mails": ADMIN,
    "POST /console/agencies/{agency}/suspend": ADMIN,
    "POST /console/agencies/{agency}/webhook": ADMIN,
    "POST /console/agencies/{agency}/webhook/rotate": ADMIN,
    "POST /console/agencies/{agency}/webhook/test": ADMIN,
    "POST /console/agencies/{agency}/webhook/remove": ADMIN,
    "POST /console/agencies/{agency}/webhook/resend/x": ADMIN,
    "POST /console/agencies/{agency}/keys": ADMIN,
    "POST /console/agencies/{agency}/keys/x/revoke": ADMIN,
}
# Whoever may do these acts as the agency: no admin of a company, not even of its only one.
WHOLE_INSTALLATION = (
    "POST /console/agencies/{agency}/key",
    "POST /console/agencies/{agency}/webhook",
    "POST /console/agencies/{agency}/webhook/rotate",
    "POST /console/agencies/{agency}/webhook/test",
    "POST /console/agencies/{agency}/webhook/resend/x",
    "POST /console/agencies/{agency}/keys",
)


def _path(site: Site, address: str, mail_id: int) -> tuple[str, str]:
    method, _, path = address.partition(" ")
    return method, path.format(mail=mail_id, company=site.company_id, agency=site.agency_id)


def test_the_table_names_every_console_view(sqlite_site: Site) -> None:
    served = {
        rule.endpoint
        for rule in sqlite_site.app.url_map.iter_rules()
        if rule.rule.startswith("/console") and not rule.endpoint.startswith(("security.", "auth."))
    }
    adapter = sqlite_site.app.url_map.bind("")
    meant: dict[str, set[str]] = {}
    for address, allowed in EXPECTED.items():
        method, path = _path(sqlite_site, address, 1)
        endpoint, _ = adapter.match(path, method=method)
        meant[str(endpoint)] = set(allowed)
    assert served == VIEWS.keys()
    assert meant == {endpoint: set(allowed) for endpoint, allowed in VIEWS.items()}


def test_strangers_are_sent_to_sign_in(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    before = every_row(sqlite_site.runtime)
    for address in EXPECTED:
        method, path = _path(sqlite_site, address, mail_id)
        response = sqlite_site.app.test_client().open(path, method=method)
        # Without a session a POST has no token either: it ends there.
        assert response.status_code == (303 if method == "GET" else 400), address
        if method == "GET":
            assert response.headers["Location"].startswith("/console/sign-in")
    assert every_row(sqlite_site.runtime) == before


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_own_pages_only(sqlite_site: Site, role: str) -> None:
    mail_id = mailing.arrive(sqlite_site)
    browser = sqlite_site.signed_in(role)
    browser.open("/console/")
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    for address, allowed in EXPECTED.items():
        method, path = _path(sqlite_site, address, mail_id)
        data = {"csrf_token": token} if method == "POST" else None
        status = browser.client.open(path, method=method, data=data).status_code
        assert (status == 403) == (role not in allowed), (address, status)
        assert status < 500, address


@pytest.mark.parametrize("role", ROLES)
def test_no_button_is_shown_that_would_be_refused(sqlite_site: Site, role: str) -> None:
    mail_id = mailing.arrive(sqlite_site)
    browser = sqlite_site.signed_in(role)
    for address, allowed in EXPECTED.items():
        method, path = _path(sqlite_site, address, mail_id)
        if method == "POST" or role not in allowed or "frame" in path or "news" in path:
            continue
        browser.open(path)
        for form in browser.page.forms:
            if "sign-out" in form.action:
                continue
            adapter = sqlite_site.app.url_map.bind("")
            endpoint, _ = adapter.match(form.action or path, method="POST")
            assert role in VIEWS[str(endpoint)], (path, form.action)


def test_a_person_of_one_company_sees_nothing_of_another(site: Site) -> None:
    mail_id = mailing.arrive(site)
    with site.runtime.begin() as tx:
        other = companies.add(tx, NewCompany(name="かえで商事株式会社", sender_domains=("kaede.example.jp",)))
    browser = site.signed_in("admin", company_id=other.id)
    browser.open("/console/")
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    before = every_row(site.runtime)
    for address in EXPECTED:
        method, path = _path(site, address, mail_id)
        data = {"csrf_token": token} if method == "POST" else None
        response = browser.client.open(path, method=method, data=data)
        assert COMPANY not in response.get_data(as_text=True), address
        if "{" in address:
            assert response.status_code == (403 if address in WHOLE_INSTALLATION else 404), address
    assert every_row(site.runtime) == before


def test_an_auditor_sees_that_a_mail_was_there_and_not_whose(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site, mailing.letter("選考結果 港花子様"))
    browser = sqlite_site.signed_in("auditor")
    for path in ("/console/mails/", f"/console/mails/{mail_id}", "/console/queues/held"):
        text = browser.open(path).text
        assert "h***@example.com" in text, path
        for secret in ("hanako", "港花子", "港 花子"):
            assert secret not in browser.html, path
        assert "不採用通知" in text


def test_the_whole_book_is_for_auditors(sqlite_site: Site) -> None:
    assert "すべての記帳" in sqlite_site.signed_in("auditor").open("/console/ledger/").text
    for role in MAIL:
        assert "すべての記帳" not in sqlite_site.signed_in(role).open("/console/ledger/").text


def test_a_company_person_cannot_add_companies_for_himself(sqlite_site: Site) -> None:
    mailing.set_mode(sqlite_site, Mode.OBSERVE)
    browser = sqlite_site.signed_in("admin", company_id=sqlite_site.company_id)
    browser.open("/console/companies/")
    assert "会社を追加" not in browser.page.text
    assert browser.client.get("/console/companies/new").status_code == 403
