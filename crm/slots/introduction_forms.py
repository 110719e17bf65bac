"""What a company writes about its need and an agency about a person, checked. Pure."""

import unicodedata
from dataclasses import dataclass
from datetime import date

from crm.errors import FormRefused, Problem
from crm.profile.forms import ContactForm, contact_checked, mail_problems

LINE_CHARS_MAX = 200
WISHES_CHARS_MAX = 2000
SUMMARY_CHARS_MAX = 4000
PAY_YEN_MAX = 1_000_000_000
RATE_BP_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Need:
    """What a company looks for. Pay is yearly, in yen; None: not said."""

    job: str
    place: str = ""
    pay_from_yen: int | None = None
    pay_to_yen: int | None = None
    wishes: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The person an agency introduces. ``summary`` is shown at once and names nobody; who it is (``name``, ``mail``,
    ``phone``) is shown when the company accepts. ``agreed_on``: the day the person agreed to this introduction."""

    summary: str
    name: str
    mail: str
    phone: str = ""
    agreed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """The fee that a hire would have cost. Either ``basis_yen`` (yearly pay) and ``rate_bp`` (hundredths of a
    percent), or ``amount_yen`` where the contract names a sum."""

    basis_yen: int | None = None
    rate_bp: int | None = None
    amount_yen: int | None = None


def need_checked(need: Need) -> Need:
    """The need with its texts cleaned.

    Raises:
        FormRefused: codes ``required``, ``too_long``, ``out_of_range``, ``order``.
    """
    problems: list[Problem] = []
    clean = Need(
        job=_line("job", need.job, problems, required=True),
        place=_line("place", need.place, problems),
        pay_from_yen=_yen("pay_from_yen", need.pay_from_yen, problems),
        pay_to_yen=_yen("pay_to_yen", need.pay_to_yen, problems),
        wishes=_text("wishes", need.wishes, WISHES_CHARS_MAX, problems),
    )
    if clean.pay_from_yen is not None and clean.pay_to_yen is not None and clean.pay_from_yen > clean.pay_to_yen:
        problems.append(Problem("pay_to_yen", "order"))
    _refuse(problems)
    return clean


def proposal_checked(proposal: Proposal, today: date) -> Proposal:
    """The proposal with its texts cleaned.

    Raises:
        FormRefused: as in ``need_checked``; ``mail_wrong``, ``phone_wrong``; ``names_person`` when the summary says who
            it is; ``no_agreement`` when the person has not agreed, or only in the future.
    """
    problems: list[Problem] = []
    summary = _text("summary", proposal.summary, SUMMARY_CHARS_MAX, problems)
    if not summary:
        problems.append(Problem("summary", "required"))
    contact = contact_checked(ContactForm(proposal.name, proposal.phone), problems)
    mail = proposal.mail.strip()
    problems += mail_problems(mail, sure=True)
    if any(word and word in _squeezed(summary) for word in map(_squeezed, (contact.name, mail, contact.phone))):
        problems.append(Problem("summary", "names_person"))
    if proposal.agreed_on is None or proposal.agreed_on > today:
        problems.append(Problem("agreed_on", "no_agreement"))
    _refuse(problems)
    return Proposal(summary, contact.name, mail, contact.phone, proposal.agreed_on)


def fee_checked(fee: Fee) -> Fee:
    """Raises FormRefused: neither a basis with its rate nor an amount, both, or out of range."""
    problems: list[Problem] = []
    by_rate = fee.basis_yen is not None and fee.rate_bp is not None
    if by_rate == (fee.amount_yen is not None) or (fee.basis_yen is None) != (fee.rate_bp is None):
        problems.append(Problem("fee", "required"))
    clean = Fee(
        _yen("basis_yen", fee.basis_yen, problems),
        fee.rate_bp,
        _yen("amount_yen", fee.amount_yen, problems),
    )
    if fee.rate_bp is not None and not 0 <= fee.rate_bp <= RATE_BP_MAX:
        problems.append(Problem("rate_bp", "out_of_range"))
    _refuse(problems)
    return clean


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise FormRefused(tuple(problems))


def _squeezed(text: str) -> str:
    """Without blanks and in one width and case, so that 見本 花子 is found in 見本花子."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _line(field: str, text: str, problems: list[Problem], *, required: bool = False) -> str:
    clean = " ".join(unicodedata.normalize("NFC", text).split())
    if required and not clean:
        problems.append(Problem(field, "required"))
    elif len(clean) > LINE_CHARS_MAX or not clean.isprintable():
        problems.append(Problem(field, "too_long"))
    return clean


def _text(field: str, text: str, chars_max: int, problems: list[Problem]) -> str:
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    clean = "\n".join("".join(char for char in line if char.isprintable()).rstrip() for line in lines).strip()
    if len(clean) > chars_max:
        problems.append(Problem(field, "too_long"))
    return clean


def _yen(field: str, amount: int | None, problems: list[Problem]) -> int | None:
    if amount is not None and not 0 <= amount <= PAY_YEN_MAX:
        problems.append(Problem(field, "out_of_range"))
    return amount
