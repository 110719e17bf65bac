"""Checks of one company: may its mail come in, is it looked at, may a link go out, and why did mails stay unchanged."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from careerrelay.doctor import trial
from careerrelay.doctor.finding import Finding, fail, ok, warn
from careerrelay.doctor.patient import Patient
from core.clock import day_in_japan
from core.runtime import Tx
from crm.agency import agencies
from crm.registry.companies import CompanyView
from crm.tables import AtsSignalRow, SmtpUserRow
from gateway import figures
from gateway.figures import Tally
from rules.model import Mode

LOOK_BACK = timedelta(days=7)
LICENCE_WARN_DAYS = 60
#: Words in ``mail.note`` that say the company wants it so, or that it concerns this one candidate: nothing to mend.
_WANTED = frozenset(
    {"observe", "held", "released", "expired", "opted_out", "invited_within_365_days", "link_revoked", "suspended"}
)


def company(patient: Patient, tx: Tx, view: CompanyView) -> Iterator[Finding]:
    """Everything about one company that the database knows."""
    tally = figures.tallies(tx, tx.now - LOOK_BACK).get(view.id, Tally())
    yield from _mode(patient, view)
    yield from _entrance(tx, view)
    yield from _agency(tx, view)
    yield from _signals(tx, view)
    yield from _traffic(view, tally)
    yield from _unchanged(view, tally.unchanged)
    yield from trial.edits(tx, view)


def _mode(patient: Patient, view: CompanyView) -> Iterator[Finding]:
    if patient.bypass_all or view.bypass:
        whom = "everybody" if patient.bypass_all else "company"
        yield warn("mode", f"bypass_{whom}", view.name, view.id)
    if view.suspended:
        yield warn("mode", "suspended", view.name, view.id)
    yield ok("mode", view.mode.value, view.name, view.id)


def _entrance(tx: Tx, view: CompanyView) -> Iterator[Finding]:
    users = tx.session.scalar(select(func.count()).where(SmtpUserRow.company_id == view.id)) or 0
    if not view.networks and not users:
        yield fail("entrance", "closed", view.name, view.id)
    else:
        yield ok("entrance", "open", view.name, view.id, networks=", ".join(view.networks) or "-", users=users)
    if view.recruiting_senders:
        yield ok("senders", "set", view.name, view.id, senders=", ".join(view.recruiting_senders))
    else:
        yield warn("senders", "none", view.name, view.id)


def _agency(tx: Tx, view: CompanyView) -> Iterator[Finding]:
    today = day_in_japan(tx.now)
    licensed = agencies.licensed(tx, view.id)
    if not licensed:
        level = warn if view.mode is Mode.OBSERVE else fail
        known = agencies.all_agencies(tx, view.id)
        names = ", ".join(agency.name for agency in known)
        if any(agency.suspended and agency.licence_expires_on >= today for agency in known):
            yield level("agency", "suspended", view.name, view.id, names=names)
        elif known:
            yield level("agency", "ended", view.name, view.id, names=names)
        else:
            yield level("agency", "none", view.name, view.id)
        return
    last = max(agency.licence_expires_on for agency in licensed)
    days = (last - today).days
    level = warn if days <= LICENCE_WARN_DAYS else ok
    yield level("agency", "ends" if level is warn else "good", view.name, view.id, days=days, until=last.isoformat())


def _signals(tx: Tx, view: CompanyView) -> Iterator[Finding]:
    newest = tx.session.scalar(select(func.max(AtsSignalRow.received_at)).where(AtsSignalRow.company_id == view.id))
    if newest is None:
        yield warn("signals", "none", view.name, view.id)
    elif tx.now - newest > LOOK_BACK:
        yield warn("signals", "old", view.name, view.id, days=(tx.now - newest).days)
    else:
        yield ok("signals", "coming", view.name, view.id, newest=newest.strftime("%Y-%m-%d %H:%MZ"))


def _traffic(view: CompanyView, tally: Tally) -> Iterator[Finding]:
    counts = {"days": LOOK_BACK.days, "received": tally.received, "judged": tally.judged, "edited": tally.edited}
    if not tally.received:
        yield warn("traffic", "none", view.name, view.id, **counts)
    elif not tally.judged and view.recruiting_senders:
        yield warn("traffic", "unjudged", view.name, view.id, **counts)
    else:
        yield ok("traffic", "flows", view.name, view.id, **counts)


def _unchanged(view: CompanyView, reasons: Counter[str]) -> Iterator[Finding]:
    for note, count in reasons.most_common():
        level = ok if note in _WANTED else warn
        text = "wanted" if level is ok else "to_mend"
        yield level("unchanged", text, view.name, view.id, note=note, count=count, days=LOOK_BACK.days)
