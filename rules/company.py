"""A company's own rules: they can only make the gateway more careful, never add a link.

`apply` gives back a verdict that is *inject* only when it was before, and orders that say what else is to be done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from rules import gates
from rules.actions import AddHeader, BccDropbox, CrmTag, Hold, InsertBlock, Settle, fill
from rules.conditions import ends_search, spelled
from rules.gates import matches
from rules.mail import Mail
from rules.model import Mode, Orders, Reason, Signals, TextVerdict, Verdict, strictest
from rules.patterns import compiled
from rules.reading import CONTEXT_STRONG, Reading, read
from rules.ruleset import Condition, RecipientKind, Rule, RuleSet, Words

HEADERS_MAX = 20
TAGS_MAX = 50
DROPBOXES_MAX = 5
#: Gates about whom a mail is for. Behind them nothing is read or changed, but rules may tag the mail and copy it.
_FACTS_ONLY = frozenset({"only_internal", "address_book"})


@dataclass(frozen=True)
class Case:
    """What a rule may ask about; what costs something is made once a mail."""

    mail: Mail
    reading: Reading
    text: TextVerdict
    cues: frozenset[str]
    signals: Signals
    ruleset: RuleSet

    @functools.cached_property
    def body_new(self) -> str:
        return "\n".join(sentence.text for sentence in self.reading.layout.new)

    @functools.cached_property
    def kinds(self) -> frozenset[RecipientKind]:
        return frozenset(self._kind(address) for address in self.mail.recipients)

    def _kind(self, address: str) -> RecipientKind:
        book = self.ruleset
        if matches(address, book.agencies):
            return "agency"
        if matches(address, book.clients):
            return "client"
        if matches(address, book.staff) or address not in gates.external(self.mail):
            return "staff"
        known = self.signals.ats is not None or self.reading.context == CONTEXT_STRONG
        return "applicant" if known else "unknown"


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the company's rules make of a mail."""

    verdict: Verdict
    orders: Orders | None = None
    because: tuple[Reason, ...] = ()


def apply(verdict: Verdict, case: Case) -> Ruled:
    """Ask the rules top-down, until one that ends the search; never gives inject for another ``verdict``."""
    ruleset = case.ruleset
    if not ruleset.rules:
        return Ruled(verdict, None if ruleset.mode is Mode.AUTO else Orders(mode=ruleset.mode))
    held = tuple(_held(ruleset.rules, case))
    for rule in held:
        for action in rule.actions:
            if isinstance(action, Settle):
                verdict = Verdict.PASS if action.verdict == "pass" else Verdict.REVIEW
    if verdict is Verdict.PASS and _waits(held):
        verdict = Verdict.REVIEW  # what waits for a person is shown to one
    orders = _orders(held, verdict, case)
    return Ruled(verdict, None if orders == Orders() else orders, tuple(map(_reason, held)))


def behind_gate(gate: Reason, mail: Mail, ruleset: RuleSet, signals: Signals) -> Ruled:
    """Ask the rules about a mail that a gate lets pass: tags and copies only, by rules that need no word of it."""
    rules = tuple(rule for rule in ruleset.rules if not rule.asks_the_body)
    if not rules or gate.id not in _FACTS_ONLY:
        return Ruled(Verdict.PASS)
    case = Case(mail, read(mail, ""), TextVerdict.NONE, frozenset(), signals, replace(ruleset, rules=rules))
    ruled = apply(Verdict.PASS, case)
    if ruled.orders is None:
        return Ruled(Verdict.PASS, because=ruled.because)
    orders = Orders(mode=ruled.orders.mode, tags=ruled.orders.tags, dropboxes=ruled.orders.dropboxes)
    return Ruled(Verdict.PASS, None if orders == Orders() else orders, ruled.because)


def _held(rules: tuple[Rule, ...], case: Case) -> Iterator[Rule]:
    for rule in rules:
        if holds(rule.when, case) and not any(holds(one, case) for one in rule.unless):
            yield rule
            if ends_search(rule):
                return


def _waits(held: tuple[Rule, ...]) -> bool:
    actions = [action for rule in held for action in rule.actions]
    return any(isinstance(one, Hold) for one in actions) and Settle("pass") not in actions


def _reason(rule: Rule) -> Reason:
    done = "; ".join(map(str, rule.actions)) or f"mode {rule.mode.value}"
    return Reason("note", f"rule:{rule.id}", detail=f"{rule.name}: {done}")


def _orders(held: tuple[Rule, ...], verdict: Verdict, case: Case) -> Orders:
    """Collect what the rules order. Of what can be said once only, the first rule is obeyed; of waits, the longest."""
    block: InsertBlock | None = None
    headers: dict[str, tuple[str, str]] = {}
    tags: dict[str, None] = {}
    dropboxes: dict[str, None] = {}
    minutes = 0
    for rule in held:
        for action in rule.actions:
            match action:
                case InsertBlock():
                    block = block or action
                case AddHeader():
                    value = fill(action.value, _values(rule, verdict, case))
                    headers.setdefault(action.name.lower(), (action.name, value))
                case CrmTag():
                    tags |= dict.fromkeys(action.tags)
                case BccDropbox():
                    dropboxes[action.to] = None
                case Hold():
                    minutes = max(minutes, action.minutes)
    mode = strictest(case.ruleset.mode, *(rule.mode for rule in held))
    if any(Settle("pass") in rule.actions for rule in held):
        headers, minutes = {}, 0  # it leaves as it came
    orders = Orders(
        mode=mode,
        headers=tuple(headers.values())[:HEADERS_MAX],
        tags=tuple(tags)[:TAGS_MAX],
        dropboxes=tuple(dropboxes)[:DROPBOXES_MAX],
        hold_minutes=minutes,
    )
    if block is None or verdict is not Verdict.INJECT:
        return orders
    return replace(orders, block=block.block, place=block.place, on_fail=block.on_fail)


def _values(rule: Rule, verdict: Verdict, case: Case) -> Mapping[str, str]:
    ats = case.signals.ats
    status = "unknown" if ats is None else ats.status.value
    return {
        "rule": rule.id if rule.id.isascii() and rule.id.isprintable() else "",
        "ruleset": case.ruleset.version,
        "lang": case.reading.lang,
        "text": case.text.value,
        "decision": verdict.value,
        "ats.status": status,
        "ats.stage": status,
        "ats.age_days": "" if ats is None else f"{max(ats.age_days, 0.0):.0f}",
    }


# --- conditions ---


def holds(condition: Condition, case: Case) -> bool:
    """Tell whether every field that is set holds."""
    return all(ask(condition, case) for name, ask in _QUESTIONS.items() if getattr(condition, name) not in ((), None))


def _sender(condition: Condition, case: Case) -> bool:
    return any(matches(one, condition.sender) for one in (case.mail.header_from, case.mail.envelope_from))


def _recipient(condition: Condition, case: Case) -> bool:
    return any(matches(one, condition.recipient) for one in case.mail.recipients)


def _subject(condition: Condition, case: Case) -> bool:
    return condition.subject is not None and _contains(condition.subject, case.reading.subject.text)


def _body_new(condition: Condition, case: Case) -> bool:
    return condition.body_new is not None and _contains(condition.body_new, case.body_new)


def _header(condition: Condition, case: Case) -> bool:
    return all(_field_holds(case.mail.headers.get(name, ()), texts) for name, texts in condition.header)


def _field_holds(values: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    return any(text == "*" or text.lower() in value.lower() for value in values for text in texts)


def _ats_status(condition: Condition, case: Case) -> bool:
    ats = case.signals.ats
    if ats is None or ats.status not in condition.ats_status:
        return False
    return condition.ats_within_days is None or ats.age_days <= condition.ats_within_days


_QUESTIONS: Mapping[str, Callable[[Condition, Case], bool]] = {
    "sender": _sender,
    "recipient": _recipient,
    "recipient_kind": lambda condition, case: bool(case.kinds & set(condition.recipient_kind)),
    "text": lambda condition, case: case.text in condition.text,
    "min_score": lambda condition, case: case.reading.score >= (condition.min_score or 0.0),
    "cue": lambda condition, case: bool(case.cues & set(condition.cue)),
    "ats_status": _ats_status,
    "header": _header,
    "subject": _subject,
    "body_new": _body_new,
}


def _contains(words: Words, text: str) -> bool:
    if words.any and not any(spelled(word) in text for word in words.any):
        return False
    if not all(spelled(word) in text for word in words.all):
        return False
    return not words.regex or any(compiled(regex).search(text) is not None for regex in words.regex)
