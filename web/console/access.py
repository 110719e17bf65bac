"""Who may open which page and press which button: one table, checked before every console view.

A view that is not in the table is refused: forgetting it here closes the door, not opens it (ASVS 5.0 8.2.1).
"""

from collections.abc import Mapping

from flask import Flask, abort, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound
from core.runtime import Tx
from crm.registry import companies
from crm.registry.companies import CompanyView
from web.i18n import gettext
from web.problems import Said

EVERYONE = frozenset({"admin", "recruiter", "viewer", "auditor"})
HANDLES_MAIL = frozenset({"admin", "recruiter"})
ADMIN = frozenset({"admin"})
SEES_WHOLE_BOOK = frozenset({"auditor"})

VIEWS: Mapping[str, frozenset[str]] = {
    "home.index": EVERYONE,
    "mails.index": EVERYONE,
    "mails.one": EVERYONE,
    "mails.news": EVERYONE,
    "mails.frame": HANDLES_MAIL,
    "mails.retry": HANDLES_MAIL,
    "mails.report_wrong": HANDLES_MAIL,
    "queues.held": EVERYONE,
    "queues.review_queue": EVERYONE,
    "queues.approve": HANDLES_MAIL,
    "queues.release": HANDLES_MAIL,
    "queues.judge_sentence": HANDLES_MAIL,
    "sentences.index": EVERYONE,
    "sentences.forget": HANDLES_MAIL,
    "ledger.index": EVERYONE,
    "ledger.proof": EVERYONE,
    "ledger.statement": EVERYONE,
    "ledger_acts.show": ADMIN,
    "ledger_acts.ask": ADMIN,
    "ledger_acts.decide": ADMIN,
    "ledger_acts.take_back": ADMIN,
    "ledger_acts.change_terms": ADMIN,
    "introductions.index": HANDLES_MAIL,  # who is introduced stands on these pages
    "introductions.new": HANDLES_MAIL,
    "introductions.add": HANDLES_MAIL,
    "introductions.one": HANDLES_MAIL,
    "introductions.move": HANDLES_MAIL,
    "companies.index": EVERYONE,
    "companies.one": EVERYONE,
    "companies.new": ADMIN,
    "companies.add": ADMIN,
    "companies.change": ADMIN,
    "companies.bypass": ADMIN,
    "company_keys.index": ADMIN,
    "company_keys.add": ADMIN,
    "company_keys.revoke": ADMIN,
    "company_links.index": HANDLES_MAIL,  # addresses of people who wait stand on it
    "company_links.make": ADMIN,
    "company_links.answer": HANDLES_MAIL,
    "requests.index": ADMIN,  # addresses of people who ask about themselves
    "requests.add": ADMIN,
    "requests.one": ADMIN,
    "requests.check_identity": ADMIN,
    "requests.send_code": ADMIN,
    "requests.check_code": ADMIN,
    "requests.file": ADMIN,
    "requests.done": ADMIN,
    "requests.refuse": ADMIN,
    "requests.acknowledge": ADMIN,
    "purposes.index": EVERYONE,
    "agencies.index": EVERYONE,
    "agencies.new": ADMIN,
    "agencies.add": ADMIN,
    "agencies.renew": ADMIN,
    "agencies.new_key": ADMIN,
    "agency_delivery.one": ADMIN,
    "agency_delivery.mails": ADMIN,
    "agency_delivery.suspend": ADMIN,
    "agency_delivery.webhook": ADMIN,
    "agency_delivery.rotate": ADMIN,
    "agency_delivery.test": ADMIN,
    "agency_delivery.remove": ADMIN,
    "agency_delivery.resend": ADMIN,
    "agency_delivery.add_key": ADMIN,
    "agency_delivery.revoke_key": ADMIN,
}

# Who works for one company does not add others, and sets no terms: they bind its agency too. Nor does he act as the
# agency: with its key he could accept referrals (credits) and read contact data that no company may see.
_WHOLE_INSTALLATION = frozenset(
    {
        "companies.new",
        "companies.add",
        "ledger_acts.change_terms",
        "agencies.new",  # who names an agency's mail address sits down at its desk
        "agencies.add",
        "agencies.new_key",
        "agency_delivery.webhook",
        "agency_delivery.rotate",
        "agency_delivery.test",
        "agency_delivery.resend",
        "agency_delivery.add_key",
    }
)


def roles() -> frozenset[str]:
    """The roles of who is signed in; empty for a stranger."""
    return frozenset(role.name for role in current_user.roles) if current_user.is_authenticated else frozenset()


def may(endpoint: str) -> bool:
    """Whether the person at the screen may use that view: buttons that would be refused are not shown."""
    whole = endpoint not in _WHOLE_INSTALLATION or (current_user.is_authenticated and scope() is None)
    return whole and bool(VIEWS.get(endpoint, frozenset()) & roles())


def actor() -> str:
    """How the person stands in audit log and book: an id, never an address."""
    return f"user:{current_user.id}"


def scope() -> int | None:
    """The one company this person works for; None: all of them."""
    return int(current_user.company_id) if current_user.company_id is not None else None


def in_scope(company_id: int | None) -> None:
    """Raises NotFound when a thing belongs to another company: it does not exist for this person (ASVS 5.0 8.2.2)."""
    if scope() is not None and company_id != scope():
        raise NotFound("no such thing for this person")


def own_companies(tx: Tx) -> list[CompanyView]:
    """The companies this person may see."""
    return companies.all_companies(tx) if scope() is None else [companies.get(tx, scope() or 0)]


def chosen_company_id(tx: Tx, text: str) -> int:
    """The company that a form names; raises ConfigError for none, and for one that this person may not see."""
    for company in own_companies(tx):
        if str(company.id) == text:
            return company.id
    raise Said("company_id", gettext("導入企業を選んでください。"))


def install(app: Flask) -> None:
    app.jinja_env.globals["may"] = may

    @app.before_request
    def check() -> BaseResponse | None:
        endpoint = request.endpoint or ""
        if not request.path.startswith("/console") or endpoint.startswith(("security.", "auth.")) or not endpoint:
            return None
        if not current_user.is_authenticated:
            ahead = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("security.login", next=ahead), 303)
        if not may(endpoint):
            abort(403)
        return None
