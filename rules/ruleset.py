"""The rules in force as a value: thresholds, the company's address book and its own rules."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from rules import lexicon
from rules.actions import Action
from rules.model import AtsStatus, Mode, TextVerdict

RecipientKind = Literal["applicant", "agency", "client", "staff", "unknown"]

INJECT_SCORE = 4.0
REVIEW_SCORE = 2.5
ATS_DAYS_MAX = 7.0
VERSION_CHARS = 12
#: A link may be in force under so many versions of the shipped phrases: the first part of a version names them.
PHRASES_CHARS = 8


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for in a text: all that is set must hold. ``any``: one of these words; ``all``: each of them;
    ``regex``: one of these patterns. Compared in canonical spelling."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold: all fields that are set; within one field any value is enough.

    ``sender`` and ``recipient`` hold addresses, ``@domain`` or ``.domain``. ``header`` maps lower-case names, each of
    which must be there, to texts of which the field holds one, ``*`` for any. ``cue`` names vetoes (offer_revoked,
    hold, positive, …). ``text`` is what the words alone say.
    """

    sender: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    recipient_kind: tuple[RecipientKind, ...] = ()
    subject: Words | None = None
    body_new: Words | None = None
    header: tuple[tuple[str, tuple[str, ...]], ...] = ()
    text: tuple[TextVerdict, ...] = ()
    min_score: float | None = None
    ats_status: tuple[AtsStatus, ...] = ()
    ats_within_days: float | None = None
    cue: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == Condition()

    @property
    def asks_the_body(self) -> bool:
        """Can it be told only when the words of the mail have been read?"""
        return bool(self.body_new or self.text or self.min_score is not None or self.cue)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a company: when all of ``when`` and nothing of ``unless`` holds, ``actions`` are ordered.

    ``stop``: no later rule is asked. ``mode``: how far the gateway may go with a mail for which the rule holds.
    """

    id: str
    name: str
    when: Condition
    unless: tuple[Condition, ...]
    actions: tuple[Action, ...]
    stop: bool = False
    mode: Mode = Mode.AUTO

    @property
    def asks_the_body(self) -> bool:
        return self.when.asks_the_body or any(one.asks_the_body for one in self.unless)


@dataclass(frozen=True, slots=True)
class GoldenCases:
    """Mail files, as patterns beside the rule file, and what must become of them when the ATS says *rejected*."""

    inject: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that a decision depends on beside the mail and the signals.

    ``crm``: addresses of the company's own CRM, to which copies may go. ``tests`` decide nothing.
    """

    mode: Mode = Mode.AUTO
    inject_score: float = INJECT_SCORE
    review_score: float = REVIEW_SCORE
    ats_days_max: float = ATS_DAYS_MAX
    agencies: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    crm: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    tests: GoldenCases = field(default=GoldenCases(), compare=False)
    version: str = field(default="", compare=False)

    @property
    def address_book(self) -> tuple[str, ...]:
        return (*self.agencies, *self.clients, *self.staff)


def with_version(rule_set: RuleSet) -> RuleSet:
    """Return ``rule_set`` with its version: ``phrases-rules``, hashes of the shipped phrases and of the rules."""
    version = f"{_shipped_phrases()}-{content_sha256(rule_set)[:VERSION_CHARS]}"
    return replace(rule_set, version=version)


def content_sha256(rule_set: RuleSet) -> str:
    """Return the hash of what the rules mean, 64 hex characters: comments and golden cases do not count."""
    plain = {name: value for name, value in asdict(rule_set).items() if name not in ("version", "tests")}
    plain["rules"] = [
        asdict(rule) | {"actions": [[type(action).__name__, asdict(action)] for action in rule.actions]}
        for rule in rule_set.rules
    ]
    return _sha256(plain)


@functools.cache
def _shipped_phrases() -> str:
    return _sha256([asdict(phrase) for phrase in lexicon.shipped().phrases])[:PHRASES_CHARS]


def _sha256(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()
