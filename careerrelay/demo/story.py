"""What happens in the demo: company and agency are set up, a day's mail goes through, nine applicants register."""

import smtplib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from careerrelay.demo import mails, people
from careerrelay.demo.browser import DemoBroken
from careerrelay.demo.mails import Story
from careerrelay.demo.people import Applicant
from careerrelay.demo.sink import Delivered, Sink
from core.runtime import Runtime, Tx
from crm import signals
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.registry import companies
from crm.registry.companies import NewCompany
from crm.signals import SignalRow
from ledger import book
from rules.model import Mode, read_status
from web import auth

ADMIN = f"admin@{mails.COMPANY_DOMAIN}"
ARRIVES_S = 30.0
#: As many people at a time as one small machine serves without a queue.
AT_ONCE = 4

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part, by id."""

    company_id: int
    programme_id: int


def set_up(tx: Tx) -> Cast:
    """What an operator does once: company, agency, a person who may sign in."""
    company = companies.add(
        tx,
        NewCompany(
            name=mails.COMPANY,
            sender_domains=(mails.COMPANY_DOMAIN,),
            recruiting_senders=(mails.RECRUITING,),
            networks=("127.0.0.0/8",),
            mode=Mode.AUTO,
            mail_from=mails.RECRUITING,
            contact_mail=f"jinji@{mails.COMPANY_DOMAIN}",
        ),
    )
    agency = agencies.add(
        tx,
        company.id,
        NewAgency(
            name=mails.AGENCY,
            licence_no=mails.AGENCY_LICENCE,
            licence_expires_on=date(tx.now.year + 3, 3, 31),
            mail=mails.AGENCY_MAIL,
        ),
    )
    # An auditor too: HR alone sees the book as of last midnight, and a visitor wants to see it move.
    auth.create_user(tx, ADMIN, None, ("admin", "auditor"))
    return Cast(company.id, agency.programme.id)


def sign_in_link(tx: Tx) -> str:
    """A fresh one-time link for the demo's administrator."""
    user = auth.find_user(tx, ADMIN)
    if user is None:
        raise LookupError(ADMIN)
    return tx.settings.web.base_url + auth.sign_in_link(tx, user)


def tell_ats(runtime: Runtime, cast: Cast, stories: list[Story]) -> None:
    """What the applicant tracking system knows, as `careerrelay signals import` would store it."""
    with runtime.begin() as tx:
        for story in stories:
            if story.ats:
                row = SignalRow("file", story.recipient, read_status(story.ats), tx.now)
                signals.store(tx, cast.company_id, row)


def send(stories: list[Story], smtp_port: int) -> None:
    """Hand the mails in as the company's mail server would: SMTP, one session."""
    with smtplib.SMTP("127.0.0.1", smtp_port, local_hostname=mails.COMPANY_DOMAIN, timeout=ARRIVES_S) as client:
        for story in stories:
            client.sendmail(story.sender, [story.recipient], story.raw)


def report(stories: list[Story], sink: Sink, tell: Tell) -> None:
    """Say of each mail what arrived on the other side."""
    for story in stories:
        mail = sink.wait_for(_to(story.recipient), ARRIVES_S)
        tell(f"  {_outcome(story, mail)}  {story.title}")


def play(stories: list[Story], sink: Sink, tell: Tell) -> int:
    """Let each recipient register and the agency accept; how many made it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        registered = sum(pool.map(lambda story: _register(story, sink, tell), stories))
        tell(f"  {registered} 人が登録し、紹介会社へ氏名を伏せたプロフィールが渡りました (registered)")
        accepted = sum(pool.map(lambda link: _accept(link, tell), _profile_links(registered, sink, tell)))
    tell(f"  紹介会社が {accepted} 件を受け付けました (accepted by the agency)")
    return accepted


def ledger_line(tx: Tx, cast: Cast) -> str:
    balance = book.balance(tx, cast.programme_id)
    return f"{balance.progress}/{balance.price}、無料枠 {balance.slots_free} (credits to the next slot, free slots)"


def _register(story: Story, sink: Sink, tell: Tell) -> bool:
    mail = sink.wait_for(lambda mail: _to(story.recipient)(mail) and mail.edited, ARRIVES_S)
    if mail is None:
        tell(f"  {story.title}: no mail with a link came")
        return False
    profile = {"wanted_job": "法人営業", "prefecture": "13", "years": "4", "skills": "提案営業、Excel、普通自動車免許"}
    try:
        people.register(Applicant(story.recipient, story.title, profile), people.relay_link(mail))
    except DemoBroken as error:
        tell(f"  {story.title}: {error}")
        return False
    return True


def _profile_links(count: int, sink: Sink, tell: Tell) -> Iterator[str]:
    """The links of the profile mails as they reach the agency; a later mail about the same person brings no new one."""
    seen: set[str] = set()
    for _ in range(count):
        mail = sink.wait_for(lambda mail: _to(mails.AGENCY_MAIL)(mail) and people.agency_links(mail) - seen, ARRIVES_S)
        if mail is None:
            tell("  a profile did not reach the agency")
            return
        (link,) = people.agency_links(mail) - seen
        seen.add(link)
        yield link


def _accept(link: str, tell: Tell) -> bool:
    try:
        people.acknowledge(link)
    except DemoBroken as error:
        tell(f"  {mails.AGENCY}: {error}")
        return False
    return True


def _to(address: str) -> Callable[[Delivered], bool]:
    return lambda mail: address in mail.recipients


def _outcome(story: Story, mail: Delivered | None) -> str:
    if mail is None:
        return "まだ届いていません (not yet)  "
    if mail.edited:
        return "リンクを追加 (link added)      "
    same = mail.raw.endswith(story.raw) and mail.raw[: -len(story.raw)].lower().startswith(b"received:")
    return "1バイトも変えず (unchanged)    " if same else "届いたが違う (arrived, differs)"
