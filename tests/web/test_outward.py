"""Every way out of the installation, tried with no consent left: found by the tables of routes, jobs and mails, so
that a way added tomorrow is tried too. Ways that the test itself adds show that the search can find one.
"""

import email
import email.policy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import delete, select
from werkzeug.routing import Rule

from careerrelay.handlers import HANDLERS
from connectors import agency_webhook
from core import outbox
from core.errors import CareerRelayError
from core.jobs import Claimed
from core.outbox import Kind
from core.runner import Handler
from core.runtime import Runtime, Tx
from crm import letters, persons
from crm.agency import webhooks
from crm.consents import consent
from crm.delivery import hand_overs
from crm.tables import AgencyEventRow, CompanyRow, ConsentRow, ReferralRow, RegistrationRow
from tests.web import story
from tests.web.conftest import CANDIDATE, Site

#: Views by which a person sees their own data or a company its own mail; everything else is a way out.
OWN = ("public", "arrivals", "manage", "optout", "resumes", "security", "auth", "root", "health", "static",
       "bootstrap", "consent_texts")  # fmt: skip
OWN_COMPANY = "/console"
MARKS = ("港 花子", "090-0000-0000", CANDIDATE, "法人営業")


def marked(data: bytes | str) -> bool:
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    return any(mark in text for mark in MARKS)


def by_route(site: Site, app: Flask, known: Mapping[str, str]) -> Iterator[str]:
    """Open and press every page and every program's door that is not the person's own or the company's own."""
    client = app.test_client()
    headers = {"Authorization": f"Bearer {site.api_key}"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] in OWN or rule.rule.startswith(OWN_COMPANY):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path = _filled(rule, known)
            body = {"answer": "accepted", "kind": "interviewed", "happened_on": "2026-11-21"}
            sent = body if path.startswith("/api/") and method != "GET" else None
            idem = {"Idempotency-Key": f"{method} {path}"}
            response = client.open(path, method=method, headers=headers | idem, follow_redirects=True, json=sent)
            if marked(response.get_data()):
                yield f"{method} {rule.rule}"


def _filled(rule: Rule, known: Mapping[str, str]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known.get(found.group(1), "1"), rule.rule)


def by_job(runtime: Runtime, handlers: Mapping[str, Handler], known: Mapping[str, str]) -> Iterator[str]:
    """Run every kind of job about this person, and see what may leave of the mails that it wrote."""
    for kind, handler in handlers.items():
        before = {mail.id for mail in _waiting(runtime)}
        payload = {
            **known,
            "company_id": int(known["company_id"]),
            "mail_indexes": [],
            "attempt": 1,
            "day": "2026-11-20",
        }
        try:
            handler(runtime, Claimed(1, kind, f"{kind}:1", payload, 1, "test"))
        except (CareerRelayError, KeyError, ValueError):
            continue  # nothing left: not for such a payload, or refused
        yield from (f"job {kind}" for mail in _waiting(runtime) if mail.id not in before and _leaves(runtime, mail))


def by_webhook(runtime: Runtime) -> Iterator[str]:
    """What the agency's server would be told next, event by event."""
    with runtime.read() as tx:
        events = list(tx.session.execute(select(AgencyEventRow.id, AgencyEventRow.type, AgencyEventRow.tries)))
    for event_id, kind, tries in events:
        with runtime.begin() as tx:
            call = agency_webhook.prepare(tx, event_id, tries + 1)
        if call is not None and marked(call.body.decode("utf-8")):
            yield f"webhook {kind}"


def by_mail(runtime: Runtime) -> Iterator[str]:
    """What waits in the outbox, written while consent was there."""
    for mail in _waiting(runtime):
        if mail.kind is not Kind.CANDIDATE and _leaves(runtime, mail):
            yield f"mail {mail.gate_ref}"


def _waiting(runtime: Runtime) -> list[outbox.OutgoingMail]:
    with runtime.begin() as tx:
        return outbox.waiting(tx, 1000)


def _leaves(runtime: Runtime, mail: outbox.OutgoingMail) -> bool:
    """As `gateway.backlog.leases` decides in the transaction that marks the attempt."""
    parsed = email.message_from_bytes(mail.raw, policy=email.policy.default)
    contents = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    text = "\n".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in contents)
    with runtime.read() as tx:
        return marked(text) and (mail.gate_ref is None or consent.may_leave(tx, mail.gate_ref))


def leaks(site: Site, app: Flask | None = None, handlers: Mapping[str, Handler] = HANDLERS) -> set[str]:
    """The ways by which something about the person gets out as things stand."""
    known = _known(site)
    app = app or site.app
    with _without_csrf(app):
        found = {*by_mail(site.runtime), *by_webhook(site.runtime), *by_route(site, app, known)}
        return found | set(by_job(site.runtime, handlers, known))


@contextmanager
def _without_csrf(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        yield
    finally:
        app.config["WTF_CSRF_ENABLED"] = True


def _known(site: Site) -> dict[str, str]:
    with site.runtime.read() as tx:
        referral = tx.session.scalars(select(ReferralRow)).one()
        event = tx.session.scalars(select(AgencyEventRow.id).limit(1)).first()
    [link] = {letter.link("/agency/l/") for letter in story.letters(site) if "/agency/l/" in letter.text}
    return {
        "token": link.rpartition("/")[2],
        "referral_id": referral.id,
        "registration_id": referral.registration_id,
        "person_id": referral.person_id,
        "agency_id": str(site.agency_id),
        "company_id": str(site.company_id),
        "programme_id": str(referral.programme_id),
        "event_id": event or "none",
    }


@pytest.fixture
def shared(sqlite_site: Site) -> Site:
    """A candidate agreed to everything, the agency accepted and has the contact data; its server is told too."""
    with sqlite_site.runtime.begin() as tx:
        webhooks.put(tx, sqlite_site.agency_id, "https://127.0.0.1:9/careerrelay", actor="test")
    story.register(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(story.hand_over(sqlite_site))
    desk.press("受け付ける")
    return sqlite_site


def without_consent(site: Site) -> None:
    """Take the rows away and nothing else: only the gate is left to notice."""
    with site.runtime.begin() as tx:
        tx.session.execute(delete(ConsentRow))


def test_with_consent_the_known_ways_are_open(shared: Site) -> None:
    found = leaks(shared)
    referral_id = _known(shared)["referral_id"]
    for way in (
        f"mail referral:{referral_id}:profile",
        f"mail referral:{referral_id}:contact",
        "GET /api/v1/agency/referrals",
        "GET /api/v1/agency/referrals/<referral_id>",
        "POST /api/v1/agency/referrals/<referral_id>/contact",
        "GET /agency/l/<token>",
        "POST /agency/l/<token>/contact",
    ):
        assert way in found, found
    assert {way for way in found if way.startswith("webhook ")}


def test_without_a_consent_to_this_agency_nothing_leaves_by_any_way(shared: Site) -> None:
    with shared.runtime.begin() as tx:
        for row in tx.session.scalars(select(ConsentRow)):
            row.recipient = f"agency:{shared.agency_id + 1}"
    assert leaks(shared) == set()
    without_consent(shared)
    assert leaks(shared) == set()


def _written(tx: Tx, gate_ref: str, kind: Kind = Kind.AGENCY) -> None:
    company = tx.session.scalars(select(CompanyRow)).one()
    row = tx.session.scalars(select(RegistrationRow)).one()
    [mail] = persons.addresses(tx, row.person_id)
    letters.send(
        tx,
        name="recall_overdue",
        key=f"added:{gate_ref}",
        company=company,
        kind=kind,
        recipient="buyer@elsewhere.example.com",
        lang="ja",
        gate_ref=gate_ref,
        values={"agency": mail, "days": 1},
    )


def test_a_way_that_somebody_adds_is_closed_or_found(shared: Site) -> None:
    without_consent(shared)
    known = _known(shared)
    app = Flask("added")

    @app.get("/agency/added/<referral_id>")
    def added(referral_id: str) -> str:
        with shared.runtime.read() as tx:
            return str(hand_overs.contact_of(tx, tx.session.get_one(ReferralRow, referral_id)))

    def job(gate_ref: str) -> Handler:
        def run(runtime: Runtime, _job: Claimed) -> None:
            with runtime.begin() as tx:
                _written(tx, gate_ref.format(**known))

        return run

    # A page that forgets the gate, and a mail that borrows another one's reference: found.
    assert leaks(shared, app, {}) == {"GET /agency/added/<referral_id>"}
    assert leaks(shared, app, {"borrows": job("company:{company_id}:digest")}) >= {"job borrows"}
    # A new kind of mail stays closed until somebody writes its check; without a reference it is not even written.
    for number, gate_ref in enumerate(("newsletter:1", "referral:{referral_id}:everything", "export:all")):
        assert f"job new {number}" not in leaks(shared, app, {f"new {number}": job(gate_ref)})
    for kind in (Kind.AGENCY, Kind.PARTNER, Kind.OWN_COMPANY):
        with pytest.raises(ValueError, match="gate"), shared.runtime.begin() as tx:
            _written(tx, "", kind)


def test_the_gate_knows_no_reference_that_nobody_documents() -> None:
    said = set(re.findall(r"^    (\w+):", consent.__doc__ or "", re.MULTILINE))
    said |= set(re.findall(r"  (\w+):ID", consent.__doc__ or ""))
    assert {kind for kind, _ in consent.CHECKS} <= said
