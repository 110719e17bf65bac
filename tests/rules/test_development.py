"""The hundred development mails, decided with what the simulated ATS answers."""

from __future__ import annotations

from dataclasses import replace

from rules.decide import decide
from rules.load import default_ruleset
from rules.model import AtsAnswer, AtsStatus, Decision, Signals, Verdict
from tests.rules.eml import development_mails

RULES = default_ruleset()
MAILS = development_mails()


def _decided(signals: Signals | None = None) -> list[tuple[dict[str, str], Decision]]:
    return [(row, decide(mail, RULES, known if signals is None else signals)) for row, mail, known in MAILS]


def _share(rows: list[tuple[dict[str, str], Decision]], *verdicts: Verdict) -> float:
    return sum(decision.verdict in verdicts for _, decision in rows) / len(rows)


def test_no_mail_but_a_rejection_gets_the_link() -> None:
    assert [row["file"] for row, d in _decided() if d.verdict is Verdict.INJECT and row["label"] != "rejection"] == []


def test_rejections_are_found() -> None:
    rejections = [(row, decision) for row, decision in _decided() if row["label"] == "rejection"]
    assert _share(rejections, Verdict.INJECT) >= 0.75
    assert _share(rejections, Verdict.INJECT, Verdict.REVIEW) == 1.0


def test_few_mails_ask_for_a_person() -> None:
    rows = _decided()
    assert _share(rows, Verdict.REVIEW) <= 0.25
    assert [row["file"] for row, d in rows if row["label"] == "not_rejection" and d.verdict is not Verdict.PASS] == []
    assert [r["file"] for r, d in rows if r["label"] == "ambiguous_review" and d.verdict is not Verdict.REVIEW] == []


def test_without_a_second_signal_nothing_is_injected() -> None:
    assert [row["file"] for row, decision in _decided(Signals()) if decision.verdict is Verdict.INJECT] == []


def test_with_a_wrong_signal_everywhere_still_only_rejections_are_injected() -> None:
    rejected = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 0.0))
    wrong = [
        row["file"] for row, d in _decided(rejected) if d.verdict is Verdict.INJECT and row["label"] != "rejection"
    ]
    assert wrong == []


def test_an_approved_sentence_is_enough_and_recognises_the_next_mail_of_the_template() -> None:
    rejections = [(row, mail) for row, mail, _ in MAILS if row["label"] == "rejection"]
    digests = {row["file"]: decide(mail, RULES, Signals()).sentence_sha256 for row, mail in rejections}
    for row, mail in rejections:
        approved = Signals(approved=frozenset({digests[row["file"]]}))
        expected = Verdict.REVIEW if row["file"] == "d0075.eml" else Verdict.INJECT  # its context is in the quote only
        assert decide(mail, RULES, approved).verdict is expected, row["file"]
    # d0035 and d0052: one template, two companies, two people, two encodings
    assert digests["d0035.eml"] == digests["d0052.eml"]
    assert len(set(digests.values())) < len(digests)


def test_two_recipients_outside_the_company_never_get_the_link() -> None:
    for row, mail, _ in MAILS:
        two = replace(mail, recipients=(*mail.recipients, "second@example.org"))
        decision = decide(two, RULES, Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0)))
        assert decision.verdict is not Verdict.INJECT
        if row["label"] == "rejection":
            assert decision.verdict is Verdict.REVIEW
