"""The rules in force as a value: thresholds, the company's address book and its own rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal

from rules import lexicon
from rules.model import AtsStatus, Mode, TextVerdict

Action = Literal["pass", "review"]

INJECT_SCORE = 4.0
REVIEW_SCORE = 2.5
ATS_DAYS_MAX = 7.0


@dataclass(frozen=True, slots=True)
class Words:
    """Words and patterns looked for in a text; any one is enough. Compared in canonical spelling."""

    any: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold: all fields that are set; within one field any value is enough.

    ``sender`` and ``recipient`` hold addresses, ``@domain`` or ``.domain``. ``header`` maps a lower-case name
    to a text it contains, ``*`` for any. ``cue`` names vetoes (offer_revoked, hold, positive, …).
    """

    sender: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    subject: Words | None = None
    body_new: Words | None = None
    header: tuple[tuple[str, str], ...] = ()
    text: tuple[TextVerdict, ...] = ()
    min_score: float | None = None
    ats_status: tuple[AtsStatus, ...] = ()
    ats_within_days: float | None = None
    cue: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == Condition()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a company: when all of ``when`` and nothing of ``unless`` holds, ``action`` happens."""

    id: str
    name: str
    when: Condition
    unless: tuple[Condition, ...]
    action: Action
    stop: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that a decision depends on beside the mail and the signals."""

    mode: Mode = Mode.AUTO
    inject_score: float = INJECT_SCORE
    review_score: float = REVIEW_SCORE
    ats_days_max: float = ATS_DAYS_MAX
    agencies: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    version: str = field(default="", compare=False)

    @property
    def address_book(self) -> tuple[str, ...]:
        return (*self.agencies, *self.clients, *self.staff)


def with_version(rule_set: RuleSet) -> RuleSet:
    """Return ``rule_set`` with the hash of itself and of the shipped phrases: 12 hex characters."""
    phrases = [asdict(phrase) for phrase in lexicon.shipped().phrases]
    content = json.dumps([_plain(rule_set), phrases], sort_keys=True, ensure_ascii=False)
    version = hashlib.sha256(content.encode("utf-8")).hexdigest()[:12]
    return RuleSet(**{**_fields(rule_set), "version": version})


def _fields(rule_set: RuleSet) -> Mapping[str, Any]:
    return {name: getattr(rule_set, name) for name in RuleSet.__dataclass_fields__}


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items() if name != "version"}
    return value
