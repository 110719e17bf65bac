"""The rules in force: the shipped set, and the sentences that people of a company have approved or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select

from core.runtime import Tx
from gateway.tables import approved_sentence
from rules.load import default_ruleset
from rules.ruleset import RuleSet

Approval = tuple[frozenset[str], frozenset[str]]
NOTHING: Approval = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Sentences:
    """SHA-256 of masked decision sentences, approved and refused, by company and sender (detection 3)."""

    answers: Mapping[tuple[int, str], Approval]

    def of(self, company_id: int, sender: str) -> Approval:
        return self.answers.get((company_id, sender.lower()), NOTHING)


@cache
def shipped() -> RuleSet:
    """The rule set of this version, read once a process."""
    return default_ruleset()


def read_sentences(tx: Tx) -> Sentences:
    columns = approved_sentence.c
    rows = tx.session.execute(
        select(columns.company_id, columns.sender, columns.sha256, columns.answer).where(columns.undone_at.is_(None))
    )
    found: dict[tuple[int, str], dict[str, set[str]]] = {}
    for company_id, sender, sha256, answer in rows:
        found.setdefault((company_id, sender), {}).setdefault(answer, set()).add(sha256)
    return Sentences(
        {
            key: (frozenset(answers.get("approve", ())), frozenset(answers.get("refuse", ())))
            for key, answers in found.items()
        }
    )
