"""A small invented world for the tests of this package: a company, its agency, candidates, and what they do."""

import re
from dataclasses import dataclass, replace
from datetime import date
from email import message_from_bytes
from email.policy import default

from sqlalchemy import select

from core import jobs, outbox
from core.clock import ManualClock
from core.db import Base
from core.lang import Lang
from core.runtime import Runtime, Tx
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.candidate import registrations
from crm.candidate.registrations import Registered
from crm.consents import consent
from crm.delivery import referrals
from crm.delivery.answers import Answered
from crm.invitation import invitations
from crm.invitation.invitations import Offer
from crm.profile.forms import ContactForm, ProfileForm, RegistrationForm
from crm.referral.referral_states import Answer
from crm.registry import companies
from crm.registry.companies import NewCompany
from crm.tables import ReferralRow
from ledger import book

COMPANY = NewCompany(
    name="株式会社サンプル工業", sender_domains=("example.jp",), recruiting_senders=("saiyo@example.jp",)
)
AGENCY = NewAgency(
    name="みほん人材紹介",
    licence_no="13-ユ-300001",
    licence_expires_on=date(2028, 3, 31),
    mail="inbox@agency.example.com",
)
PROFILE = ProfileForm(
    wanted_job="経理",
    prefecture="13",
    years=5,
    skills=("簿記2級", "Excel"),
    education="bachelor",
    employment="permanent",
    salary_band="400_500",
    available="3_months",
    languages=("en:business",),
)
UNDO_S = 3600


@dataclass(frozen=True, slots=True)
class Parties:
    """Ids of the company, its agency and their programme."""

    company_id: int
    agency_id: int
    programme_id: int


def clock_of(runtime: Runtime) -> ManualClock:
    """Return the clock of a test runtime, to move it."""
    assert isinstance(runtime.clock, ManualClock)
    return runtime.clock


def parties(runtime: Runtime, company: NewCompany = COMPANY, agency: NewAgency = AGENCY) -> Parties:
    """Add a company with a licensed agency."""
    with runtime.begin() as tx:
        company_id = companies.add(tx, company).id
        added = agencies.add(tx, company_id, agency)
    return Parties(company_id, added.agency.id, added.programme.id)


def offer(runtime: Runtime, company_id: int, recipient: str, mail_id: int = 1) -> Offer:
    """Let a rejection mail pass that gets a link."""
    with runtime.begin() as tx:
        made = invitations.offer_for_rejection(tx, company_id=company_id, recipient=recipient, mail_id=mail_id)
    assert isinstance(made, Offer), made
    return made


def token_of(url: str) -> str:
    """Return the token at the end of a link."""
    return url.rpartition("/")[2]


def form(
    tx: Tx, token: str, address: str, *boxes: str, lang: Lang = "ja", name: str = "見本 花子", **changes: object
) -> RegistrationForm:
    """Fill the form; ``boxes`` are purposes ("profile", "contact", "tell_company") to tick for every agency."""
    page = registrations.page(tx, token, lang)
    assert page is not None
    ticked = {box.name: box.text_sha256 for box in page.boxes if box.purpose in boxes}
    filled = RegistrationForm(
        mail=address,
        profile=PROFILE,
        boxes=ticked,
        adult=True,
        lang=lang,
        contact=ContactForm(name, "090-0000-0000"),
    )
    return replace(filled, **changes)  # type: ignore[arg-type]


def register(runtime: Runtime, made: Offer, mail: str, *boxes: str, name: str = "見本 花子") -> Registered:
    """Fill the form and send it, with the token's own address."""
    token = token_of(made.relay_url)
    with runtime.begin() as tx:
        done = registrations.submit(tx, token, form(tx, token, mail, *boxes, name=name))
    assert isinstance(done, Registered), done
    return done


def run_jobs(runtime: Runtime) -> int:
    """Run what is due, as a worker does."""
    handlers = {
        referrals.HAND_OVER_JOB: referrals.hand_over,
        referrals.SILENCE_JOB: referrals.tell_silence,
        referrals.TALK_SILENCE_JOB: referrals.tell_talk_silence,
    }
    with runtime.begin() as tx:
        claimed = jobs.claim(tx, "test", 100, 60.0, list(handlers))
    for job in claimed:
        handlers[job.kind](runtime, job)
        with runtime.begin() as tx:
            assert jobs.finish(tx, job)
    return len(claimed)


def hand_over(runtime: Runtime) -> None:
    """Let the hour to undo pass, and hand over."""
    clock_of(runtime).advance(UNDO_S + 1)
    run_jobs(runtime)


def referral_ids(runtime: Runtime, registration_id: str) -> list[str]:
    """Return the referrals of a registration."""
    with runtime.read() as tx:
        return list(
            tx.session.scalars(
                select(ReferralRow.id)
                .where(ReferralRow.registration_id == registration_id)
                .order_by(ReferralRow.agency_id)
            )
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of the outbox, decoded."""

    recipient: str
    subject: str
    body: str
    gate_ref: str | None
    raw: bytes


def mails(runtime: Runtime) -> list[Sent]:
    """Read the outbox in order."""
    with runtime.begin() as tx:
        found = outbox.waiting(tx, 1000)
    sent = []
    for mail in found:
        message = message_from_bytes(mail.raw, policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        sent.append(Sent(mail.recipient, str(message["Subject"]), body.get_content(), mail.gate_ref, mail.raw))
    return sent


def mails_to(runtime: Runtime, recipient: str) -> list[Sent]:
    """Read the mails to one address."""
    return [mail for mail in mails(runtime) if mail.recipient == recipient]


def links_in(body: str, path: str) -> list[str]:
    """Return the tokens of the links under ``path`` ("/m/undo/") in a mail."""
    return re.findall(re.escape(path) + r"([A-Za-z0-9_-]{22})(?![A-Za-z0-9_/-])", body)


def dump(runtime: Runtime) -> dict[str, list[str]]:
    """Every row of every table, to see whether anything was written."""
    with runtime.read() as tx:
        return {
            table.name: sorted(repr(tuple(row)) for row in tx.session.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


def database_bytes(runtime: Runtime) -> bytes:
    """Everything the database holds, as bytes: to search for what must not be readable."""
    file = runtime.db.sqlite_file
    if file is not None:
        return b"".join(path.read_bytes() for path in sorted(file.parent.glob(file.name + "*")))
    return "\n".join(line for lines in dump(runtime).values() for line in lines).encode()


def shared(
    runtime: Runtime, made: Parties, *boxes: str, mail: str = "hanako.mihon@example.com", mail_id: int = 1
) -> tuple[Registered, str]:
    """Register a candidate and hand the profile over; returns the registration and the referral's id."""
    done = register(runtime, offer(runtime, made.company_id, mail, mail_id), mail, "profile", *boxes)
    hand_over(runtime)
    [referral_id] = referral_ids(runtime, done.registration_id)
    return done, referral_id


def answer(runtime: Runtime, made: Parties, referral_id: str, given: Answer = Answer.ACCEPTED) -> Answered:
    """Let the agency answer."""
    with runtime.begin() as tx:
        return referrals.answer(tx, made.agency_id, referral_id, given)


def credits_of(runtime: Runtime, made: Parties) -> int:
    """Return the credits of the programme that are not spent."""
    with runtime.read() as tx:
        return book.balance(tx, made.programme_id).available


def leaves(runtime: Runtime, gate_ref: str) -> bool:
    """Ask the gate; what has no reference is never asked about."""
    assert gate_ref
    with runtime.read() as tx:
        return consent.may_leave(tx, gate_ref)
