"""A company's own rules: they can only make the gateway more careful, never add a link."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import re2

from rules.gates import matches
from rules.lexicon import PATTERN_MEMORY_BYTES
from rules.mail import Mail
from rules.model import Reason, Signals, TextVerdict
from rules.reading import Reading
from rules.ruleset import Action, Condition, Rule, Words
from rules.spelling import plain


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule may ask about."""

    mail: Mail
    reading: Reading
    text: TextVerdict
    cues: frozenset[str]
    signals: Signals


def apply(rules: tuple[Rule, ...], case: Case) -> tuple[Action | None, tuple[Reason, ...]]:
    """Return the strictest action of the rules that hold, top-down, and why; ``pass`` ends the search."""
    action: Action | None = None
    because: list[Reason] = []
    for rule in rules:
        if not holds(rule.when, case) or any(holds(one, case) for one in rule.unless):
            continue
        because.append(Reason("note", f"rule:{rule.id}", detail=f"{rule.name}: {rule.action}"))
        action = rule.action
        if rule.stop or action == "pass":
            break
    return action, tuple(because)


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
    new = "\n".join(sentence.text for sentence in case.reading.layout.new)
    return condition.body_new is not None and _contains(condition.body_new, new)


def _header(condition: Condition, case: Case) -> bool:
    for name, wanted in condition.header:
        values = case.mail.headers.get(name, ())
        if values and (wanted == "*" or any(wanted.lower() in value.lower() for value in values)):
            return True
    return False


def _ats_status(condition: Condition, case: Case) -> bool:
    ats = case.signals.ats
    if ats is None or ats.status not in condition.ats_status:
        return False
    return condition.ats_within_days is None or ats.age_days <= condition.ats_within_days


_QUESTIONS: Mapping[str, Callable[[Condition, Case], bool]] = {
    "sender": _sender,
    "recipient": _recipient,
    "subject": _subject,
    "body_new": _body_new,
    "header": _header,
    "text": lambda condition, case: case.text in condition.text,
    "min_score": lambda condition, case: case.reading.score >= (condition.min_score or 0.0),
    "ats_status": _ats_status,
    "cue": lambda condition, case: bool(case.cues & set(condition.cue)),
}


def _contains(words: Words, text: str) -> bool:
    if any(plain(word) in text for word in words.any):
        return True
    return any(pattern(regex).search(text) is not None for regex in words.regex)


@functools.lru_cache(maxsize=512)
def pattern(regex: str) -> re2._Regexp:
    """Compile an admin's pattern for RE2, ignoring case; raises ``re2.error`` on what RE2 does not know."""
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY_BYTES
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(regex, options)
