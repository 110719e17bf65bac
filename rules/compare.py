"""Two rule sets over the same mails: what would be decided otherwise, and which calls people called wrong. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from rules.model import AtsAnswer, AtsStatus, Decision, Orders, Verdict

#: Answers of people about a mail (`gateway.judgement.review`), and what each says: was it a rejection?
SAYS_REJECTION: Mapping[str, bool] = {"approve": True, "rejection": True, "not_rejection": False, "wrong": False}

_AGE = re.compile(r"(?:(?P<status>[a-z_]+), )?(?P<days>-?[0-9][0-9.e+-]*) d\Z")


@dataclass(frozen=True, slots=True)
class Replayed:
    """One mail under both rule sets. ``stored`` is what was decided on the day; ``rejection`` what a person said."""

    mail_id: int
    company_id: int
    day: str
    stored: Verdict
    before: Decision
    after: Decision
    rejection: bool | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """What differs: "verdict", and the names of orders (mode, block, headers, tags, …)."""
        found = ["verdict"] if self.before.verdict is not self.after.verdict else []
        before, after = self.before.orders or Orders(), self.after.orders or Orders()
        found += [one.name for one in fields(Orders) if getattr(before, one.name) != getattr(after, one.name)]
        return tuple(found)


@dataclass(slots=True)
class Calls:
    """Decisions of one rule set: how many of each, and the mails that people have answered otherwise.

    ``wrong_links``: a link in what is no rejection, the worst there is. ``missed``: a rejection nobody was shown.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    wrong_links: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)

    def add(self, mail_id: int, decision: Decision, rejection: bool | None) -> None:
        self.verdicts[decision.verdict.value] += 1
        if decision.verdict is Verdict.INJECT and rejection is False:
            self.wrong_links.append(mail_id)
        if decision.verdict is Verdict.PASS and rejection is True:
            self.missed.append(mail_id)


@dataclass(slots=True)
class Comparison:
    """The sum over many mails. ``moves``: changed verdicts as "review>inject"; ``changes``: what differs, by name."""

    seen: int = 0
    answered: int = 0
    changed: int = 0
    unlike_stored: int = 0
    before: Calls = field(default_factory=Calls)
    after: Calls = field(default_factory=Calls)
    moves: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    links: Counter[tuple[int, str]] = field(default_factory=Counter)  # of ``after``, by company and its day

    def add(self, mail: Replayed) -> None:
        self.seen += 1
        self.answered += mail.rejection is not None
        self.unlike_stored += mail.after.verdict is not mail.stored
        self.before.add(mail.mail_id, mail.before, mail.rejection)
        self.after.add(mail.mail_id, mail.after, mail.rejection)
        if mail.after.verdict is Verdict.INJECT:
            self.links[mail.company_id, mail.day] += 1
        if not mail.changes:
            return
        self.changed += 1
        self.changes.update(mail.changes)
        if "verdict" in mail.changes:
            self.moves[f"{mail.before.verdict.value}>{mail.after.verdict.value}"] += 1

    @property
    def new_wrong_links(self) -> list[int]:
        """Mails that people called no rejection, and that only the new rules would give a link."""
        return sorted(set(self.after.wrong_links) - set(self.before.wrong_links))


def ats_of(decision: Decision) -> AtsAnswer | Literal["silent"] | None:
    """Return what the ATS had said when ``decision`` was made, out of its reasons; None when they do not tell.

    Of an answer that only kept the link out, its being contrary is told and not its status.
    """
    status, days, contrary, known = AtsStatus.UNKNOWN, 0.0, False, False
    for reason in decision.because:
        if reason.id == "ats_silent":
            return "silent"
        if reason.id == "ats_other_application":
            contrary = known = True
        told = _AGE.match(reason.detail) if reason.id in ("ats_rejected", "ats_contrary", "ats_answer") else None
        if told is not None:
            status = AtsStatus.REJECTED if reason.id == "ats_rejected" else AtsStatus(told["status"])
            days, known = float(told["days"]), True
    return AtsAnswer(status, days, contrary) if known else None


def said_by(answers: tuple[str, ...]) -> bool | None:
    """Return what the newest answer that says anything says; None without one."""
    return next((SAYS_REJECTION[answer] for answer in reversed(answers) if answer in SAYS_REJECTION), None)
