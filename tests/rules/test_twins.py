"""A rejection whose decision sentence alone is turned into a passing one never gets the link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rules.decide import decide
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, Verdict
from rules.reading import read
from tests.rules.case_files import cases, lines
from tests.rules.eml import development_mails, with_text
from tests.rules.letters import letters

RULES = default_ruleset()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
PASSING = {"ja": lines("passing_ja"), "en": lines("passing_en")}
#: So many passing sentences a rejection; `make torture` takes them all.
STEPS = (0, 7, 17, 29)


def twins(mail: Mail, passing: list[str]) -> list[Mail]:
    """Return ``mail`` with its decision sentences turned into passing ones: all of them, or only the last."""
    reading = read(mail, mail.text)
    numbers = sorted({hit.sentence for hit in reading.noes if hit.place == "text" and hit.phrase.weight >= 2})
    made: list[Mail] = []
    for chosen in {tuple(numbers), tuple(numbers[-1:])}:
        for words in passing:
            text = mail.text
            for place, number in enumerate(reversed(chosen)):
                sentence = reading.layout.new[number]
                start, end = sentence.origin(0, len(sentence.text))
                text = text[:start] + (words if place == 0 else "") + text[end:]
            made.append(with_text(mail, text))
    return made if numbers else []


def _rejections() -> Iterator[Mail]:
    yield from (mail for row, mail, _ in development_mails() if row["label"] == "rejection")
    yield from (mail for tag, _, mail in cases("rejections_ja", "rejections_en", "rejections_mixed") if tag != "hard")
    yield from (letter.mail() for letter in letters() if letter.label == "rejection")


def _everything_for(mail: Mail) -> tuple[Signals, Mail]:
    """Return the signals that say rejected and approve this very mail, and the mail with the company's own mark."""
    digest = decide(mail, RULES, REJECTED).sentence_sha256
    marked = replace(mail, headers={**mail.headers, "x-careerrelay": ("rejection",)})
    return Signals(ats=REJECTED.ats, approved=frozenset({digest})), marked


def _check(passing: dict[str, list[str]], steps: tuple[int, ...]) -> int:
    count = 0
    for turn, mail in enumerate(_rejections()):
        signals, marked = _everything_for(mail)
        words = passing[decide(mail, RULES, REJECTED).lang]
        for twin in twins(marked, [words[(turn + step) % len(words)] for step in steps]):
            decision = decide(twin, RULES, signals)
            assert decision.verdict is not Verdict.INJECT, (twin.text, decision.because)
            count += 1
    return count


def test_turning_only_the_decision_sentence_into_a_passing_one_never_injects() -> None:
    assert _check(PASSING, STEPS) > 2_000


@pytest.mark.torture
def test_no_passing_sentence_in_the_place_of_any_decision_injects() -> None:
    assert _check(PASSING, tuple(range(max(map(len, PASSING.values()))))) > 30_000


def test_every_development_rejection_and_every_letter_that_decides_has_a_twin() -> None:
    for row, mail, _ in development_mails():
        if row["label"] == "rejection":
            assert twins(mail, ["選考の結果、内定とさせていただきます。"]), row["file"]
    silent = [letter.name for letter in letters() if letter.label == "rejection" and not twins(letter.mail(), ["。"])]
    assert len(silent) <= 8, silent


def test_the_original_with_every_signal_gets_the_link() -> None:
    """The twins prove something only because their originals are injected."""
    injected = total = 0
    for mail in _rejections():
        signals, marked = _everything_for(mail)
        injected += decide(marked, RULES, signals).verdict is Verdict.INJECT
        total += 1
    assert injected >= total * 0.9
