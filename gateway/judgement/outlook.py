"""What is known of a mail before anything is done about it, and what is to be done then."""

from dataclasses import dataclass

from crm.invitation.standing import Standing
from crm.registry.companies import CompanyView
from gateway.judgement.edit import NO_ORDERS, Edited, NotEdited
from gateway.letter.parse import Parsed
from gateway.work import Hand, Work
from rules.model import Decision, Mode, Verdict, strictest


@dataclass(frozen=True, slots=True)
class View:
    """What was seen of a mail, before anything is done about it."""

    company: CompanyView
    parsed: Parsed
    standing: Standing
    external: tuple[str, ...]
    decision: Decision
    took_s: float


@dataclass(slots=True)
class Ahead:
    """What is known of a mail that was looked at before it was stored, and what became of its edit."""

    view: View | None
    made: Edited | NotEdited | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: ``held`` deliveries wait for ``minutes``; ``hand`` has the one recipient outside."""

    mode: Mode
    held: list[Hand]
    minutes: int
    hand: Hand | None
    is_edit: bool
    copies: bool


def leaves_as_it_came(decision: Decision, plan: Plan, made: Edited | NotEdited | None) -> bool:
    """Does all of a mail leave at once, with nothing added and nothing taken out?"""
    if plan.is_edit and not isinstance(made, NotEdited):
        return False
    return not (plan.held or plan.copies or decision.marker or decision.orders is not None)


def note_of(view: View, plan: Plan, made: Edited | NotEdited | None) -> str:
    """The word for why a mail leaves unchanged; none when there was nothing to change."""
    if isinstance(made, NotEdited):
        return made.reason
    return "observe" if view.decision.verdict is Verdict.INJECT and plan.hand is not None else ""


def plan_of(work: Work, view: View) -> Plan:
    """Weigh verdict, mode and the company's orders."""
    decision, company = view.decision, view.company
    orders = decision.orders or NO_ORDERS
    mode = company.mode if decision.orders is None else strictest(company.mode, orders.mode)
    acts = mode is not Mode.OBSERVE
    hand = next((hand for hand in work.deliveries if view.external == (hand.recipient,)), None)
    injects = decision.verdict is Verdict.INJECT and hand is not None
    held, minutes = [], orders.hold_minutes
    if minutes and acts:
        held = [hand for hand in work.deliveries if hand.recipient in view.external]
    if not held and injects and mode is Mode.CONFIRM:
        held, minutes = [hand for hand in (hand,) if hand is not None], company.hold_minutes
    return Plan(
        mode=mode,
        held=held,
        minutes=minutes,
        hand=hand,
        is_edit=injects and mode is Mode.AUTO and not held,
        copies=bool(orders.dropboxes) and acts,
    )
