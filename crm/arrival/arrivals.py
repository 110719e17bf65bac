"""Who comes by the company's own link ``/r/c/TOKEN``: for notices that never passed the gateway (domain, section 0).

The candidate types an address and confirms it by a code; only then anything is looked up, so that a stranger learns
nothing about an address that is not his. A known rejection leads to the personal link. Without one the candidate may
ask the company to look: a person there sees the address, says yes or no, and learns nothing else, not even whether the
candidate registers later.

States: ``started -> matched | closed | unmatched -> waiting -> confirmed | refused``.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from core import audit
from core.db import new_id
from core.errors import NotFound
from core.lang import Lang, lang_of
from core.runtime import Tx
from crm import links, notices, persons, signals, suppression
from crm.arrival import codes, company_links
from crm.arrival.codes import CodePage
from crm.consents import consent_texts
from crm.errors import FormRefused, LinkGone, Problem, Refused, WrongCode, WrongState
from crm.invitation import invitations
from crm.invitation.invitations import NoOffer, Offer
from crm.links import LinkKind
from crm.profile import forms
from crm.tables import ArrivalRow, CompanyRow, NoticeRow
from rules.model import AtsStatus

STARTED, MATCHED, CLOSED, UNMATCHED = "started", "matched", "closed", "unmatched"
WAITING, CONFIRMED, REFUSED = "waiting", "confirmed", "refused"
LINK_HOURS = 24
NOTICE_DAYS = 365
PLACE_AN_HOUR_MAX = 30
COMPANY_AN_HOUR_MAX = 300
ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where somebody stands who holds an arrival link; the page never shows the whole address.

    ``company_token``: of the page where another address can be typed; empty once the company has no link.
    """

    company_id: int
    company: str
    lang: Lang
    state: str
    code: CodePage
    company_token: str


def begin(tx: Tx, token: str, mail: str, *, sure: bool, adult: bool, lang: Lang, place: str) -> str:
    """Send a code to the address; returns the token of the page where it is typed.

    Known and unknown addresses are treated alike. An address that got three codes today gets no fourth one, one that
    wants no mails gets none, and the page is the same. ``place``: the visitor's network.

    Raises:
        LinkGone: the link is not valid.
        FormRefused: the address (`forms.mail_problems`) or the age (``adult_required``).
        Refused: too many tries from this place or for this company (``too_many``).
    """
    company = company_links.company_of(tx, token)
    if company is None:
        raise LinkGone
    mail = mail.strip()
    problems = forms.mail_problems(mail, sure=sure)
    if not adult:
        problems.append(Problem("adult", "adult_required"))
    if problems:
        raise FormRefused(tuple(problems))
    place_mac = tx.keys.mac("session", f"arrival\n{place}".encode())
    _check_rates(tx, company.id, place_mac)
    age = consent_texts.age_words(lang)
    consent_texts.keep(tx, consent_texts.ADULT, age.text, lang)
    row = ArrivalRow(
        id=new_id(),
        company_id=company.id,
        state=STARTED,
        lang=lang,
        mail_index=tx.keys.index(company.id, mail),
        mailbox_index=codes.mailbox_index(tx, company.id, mail),
        place_mac=place_mac,
        adult_sha256=age.text_sha256,
        code_tries=0,
        code_mails=0,
        created_at=tx.now,
    )
    row.mail_sealed = tx.keys.seal_text(_aad(row.id), mail)
    tx.session.add(row)
    tx.session.flush()
    _send_code(tx, company, row, mail)
    return links.issue(tx, LinkKind.ARRIVAL, row.id, tx.now + timedelta(hours=LINK_HOURS))


def send_again(tx: Tx, arrival_token: str) -> None:
    """Send a new code to the same address; the one before it ends.

    Raises:
        LinkGone: the link is not valid.
        WrongState: the address was confirmed before (``arrived``).
        Refused: three codes were asked for here (``too_many_codes``).
    """
    row = _row(tx, arrival_token, lock=True)
    if row is None:
        raise LinkGone
    if row.state != STARTED:
        raise WrongState("arrived", "this address was confirmed before")
    if row.code_mails >= codes.CODE_MAILS_A_DAY_MAX:
        raise Refused("too_many_codes", "too many codes were sent to this address today")
    _send_code(tx, tx.session.get_one(CompanyRow, row.company_id), row, address_of(tx, row))


def page(tx: Tx, arrival_token: str) -> Arrival | None:
    """Return where an arrival stands, or None for the neutral page. Reads only."""
    row = _row(tx, arrival_token)
    if row is None:
        return None
    company = tx.session.get_one(CompanyRow, row.company_id)
    link = links.of(tx, LinkKind.COMPANY, str(company.id))
    return Arrival(
        company_id=company.id,
        company=company.name,
        lang=lang_of(row.lang),
        state=row.state,
        code=codes.page_of(tx, row, address_of(tx, row), row.code_mails),
        company_token=links.reveal(tx, link) if link is not None else "",
    )


def check(tx: Tx, arrival_token: str, code: str) -> Offer | NoOffer | WrongCode | None:
    """Take the six digits. An offer: go on behind its link. None: no notice is known for the address.

    Raises:
        LinkGone: the link is not valid.
        WrongState: the code was taken before (``arrived``).
    """
    row = _row(tx, arrival_token, lock=True)
    if row is None:
        raise LinkGone
    if row.state != STARTED:
        raise WrongState("arrived", "this address was confirmed before")
    wrong = codes.check(tx, row, code)
    if wrong is not None:
        return wrong
    row.code_mac = None
    address = address_of(tx, row)
    if suppression.is_suppressed(tx, row.company_id, address):
        return _closed(tx, row, NoOffer("opted_out"))
    if not _rejected(tx, row.company_id, address):
        row.state = UNMATCHED
        tx.session.flush()
        return None
    return invite(tx, row, address, MATCHED)


def ask_company(tx: Tx, arrival_token: str) -> None:
    """The candidate wants the company to look for the notice; again changes nothing.

    Raises:
        LinkGone: the link is not valid.
        WrongState: the address is not confirmed, or was answered (``arrived``).
    """
    row = _row(tx, arrival_token, lock=True)
    if row is None:
        raise LinkGone
    if row.state not in (UNMATCHED, WAITING):
        raise WrongState("arrived", "there is nothing to ask")
    if row.state == UNMATCHED:
        row.state, row.asked_at = WAITING, tx.now
        tx.session.flush()
        audit.record(tx, "candidate", "asked the company to look for a notice", f"arrival:{row.id}")


def address_for(tx: Tx, invitation_id: str) -> str | None:
    """Return the confirmed address behind an invitation that was reached by the company's link, while it is kept."""
    row = tx.session.scalar(
        select(ArrivalRow)
        .where(ArrivalRow.invitation_id == invitation_id, ArrivalRow.mail_sealed.is_not(None))
        .order_by(ArrivalRow.created_at.desc())
        .limit(1)
    )
    return None if row is None else address_of(tx, row)


def forget(tx: Tx, company_id: int, mail_indexes: list[str]) -> int:
    """Delete every arrival of a person who asked for erasure; returns how many rows."""
    gone = tx.session.scalars(
        delete(ArrivalRow)
        .where(ArrivalRow.company_id == company_id, ArrivalRow.mail_index.in_(mail_indexes))
        .returning(ArrivalRow.id)
    ).all()
    for arrival_id in gone:
        links.revoke(tx, LinkKind.ARRIVAL, arrival_id)
    return len(gone)


def _rejected(tx: Tx, company_id: int, address: str) -> bool:
    """A notice that was not reported wrong, or the ATS's word; with another application still open, neither counts."""
    ats = signals.answer_for(tx, company_id, address)
    if ats is not None and ats.contrary:
        return False
    if ats is not None and ats.status is AtsStatus.REJECTED and ats.age_days <= NOTICE_DAYS:
        return True
    person_id = persons.find(tx, company_id, address)
    return person_id is not None and _has_notice(tx, person_id)


def _has_notice(tx: Tx, person_id: str) -> bool:
    found = tx.session.scalar(
        select(NoticeRow.id).where(
            NoticeRow.person_id == person_id,
            NoticeRow.wrong_at.is_(None),
            NoticeRow.state.in_((notices.EXPECTED, notices.SENT)),
            NoticeRow.first_at > tx.now - timedelta(days=NOTICE_DAYS),
        )
    )
    return found is not None


def invite(tx: Tx, row: ArrivalRow, address: str, state: str) -> Offer | NoOffer:
    """End the arrival in ``state`` with a personal link for its address; closed when there may be none."""
    offer = invitations.offer_for_arrival(tx, company_id=row.company_id, address=address)
    if isinstance(offer, NoOffer):
        return _closed(tx, row, offer)
    row.state, row.invitation_id, row.ended_at = state, offer.invitation_id, tx.now
    links.revoke(tx, LinkKind.ARRIVAL, row.id)
    tx.session.flush()
    return offer


def _closed(tx: Tx, row: ArrivalRow, why: NoOffer) -> NoOffer:
    row.state = CLOSED
    end(tx, row)
    return why


def end(tx: Tx, row: ArrivalRow) -> None:
    """Forget the address of an arrival, and end its link."""
    row.mail_sealed, row.ended_at = None, tx.now
    links.revoke(tx, LinkKind.ARRIVAL, row.id)
    tx.session.flush()


def _check_rates(tx: Tx, company_id: int, place_mac: str) -> None:
    hour = ArrivalRow.created_at > tx.now - timedelta(hours=1)
    count = select(func.count()).select_from(ArrivalRow)
    from_place = tx.session.scalar(count.where(ArrivalRow.place_mac == place_mac, hour)) or 0
    for_company = tx.session.scalar(count.where(ArrivalRow.company_id == company_id, hour)) or 0
    if from_place >= PLACE_AN_HOUR_MAX or for_company >= COMPANY_AN_HOUR_MAX:
        raise Refused("too_many", "too many tries within an hour")


def _send_code(tx: Tx, company: CompanyRow, row: ArrivalRow, mail: str) -> None:
    if codes.asked_for_address(tx, row) < codes.CODE_MAILS_A_DAY_MAX:
        codes.make_and_mail(tx, company, row, mail, gate_ref=f"arrival:{row.id}:code")
    elif row.code_mac is None:
        codes.make_none(tx, row)
    else:
        row.code_mails += 1  # others asked for this address too: the code that was sent still holds
        tx.session.flush()


def _row(tx: Tx, token: str, *, lock: bool = False) -> ArrivalRow | None:
    link = links.find(tx, LinkKind.ARRIVAL, token)
    if link is None:
        return None
    row = held(tx, link.subject) if lock else tx.session.get(ArrivalRow, link.subject, populate_existing=True)
    return None if row is None or row.mail_sealed is None else row


def held(tx: Tx, arrival_id: str) -> ArrivalRow | None:
    """Lock an arrival, after whoever is known by its address: an erasure has that person when it deletes arrivals."""
    row = tx.session.get(ArrivalRow, arrival_id, populate_existing=True)
    person_id = persons.find(tx, row.company_id, address_of(tx, row)) if row is not None and row.mail_sealed else None
    if person_id is not None:
        persons.lock(tx, person_id)
    return tx.session.get(ArrivalRow, arrival_id, with_for_update=True, populate_existing=True)


def address_of(tx: Tx, row: ArrivalRow) -> str:
    """Open the address; raises NotFound once it was forgotten."""
    if row.mail_sealed is None:
        raise NotFound("the address of this arrival was forgotten")
    return tx.keys.open_text(_aad(row.id), row.mail_sealed)


def _aad(row_id: str) -> str:
    return f"arrival.mail_sealed:{row_id}"
