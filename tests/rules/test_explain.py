"""A decision in words: every reason has its words in both languages, and nothing technical is left."""

from __future__ import annotations

import re

import pytest

from core.lang import Lang
from rules import decide as deciding
from rules.explain import _words, lines, reason_line
from rules.gates import GATES
from rules.lexicon import shipped
from rules.load import default_ruleset, load
from rules.model import AtsAnswer, AtsStatus, Reason, Signals
from rules.vetoes import VETOES
from tests.rules.case_files import cases
from tests.rules.eml import development_mails, mail_of

IDS = (
    [("gate", gate.__name__) for gate in GATES]
    + [("veto", phrase.cue) for phrase in shipped().phrases if phrase.kind in {"veto", "unsure", "elsewhere"}]
    + [
        ("veto", name)
        for name in ("positive", "quoted", "past", "part", "question", "turned", "addressee_body", "somebody_else")
    ]
    + [("veto", name) for name in ("template_mark", "unread_decision", "not_all_judged", "parts_disagree")]
    + [("veto", name) for name in ("refused_sentence", "ats_contrary", "ats_other_application")]
    + [("signal", name) for name in ("ats_rejected", "marker", "approved_sentence")]
    + [("note", name) for name in ("ats_silent", "ats_answer", "decoding_problem", "rule:one")]
    + [("cut", name) for name in ("quote", "signature", "disclaimer")]
)


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize(("kind", "name"), IDS)
def test_every_reason_has_words(kind: str, name: str, lang: Lang) -> None:
    line = reason_line(Reason(kind, name, detail="x"), lang)  # type: ignore[arg-type]
    assert name.partition(":")[0] in _words(lang)["reason"]
    assert bool(re.search("[ぁ-んァ-ヶ一-龥]", line)) is (lang == "ja")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_decision_can_be_explained(lang: Lang) -> None:
    seen: set[str] = set()
    mails = [mail for _, mail, _ in development_mails()] + [mail for _, _, mail in cases("others_ja", "unsure_en")]
    for mail in mails:
        for signals in (Signals(), Signals(ats=AtsAnswer(AtsStatus.REJECTED, 2.0))):
            decision = deciding.decide(mail, default_ruleset(), signals)
            for line in lines(decision, lang):
                assert "_" not in re.sub("「.*」|“.*”", "", line), line
                assert "without:" not in line
            seen.update(reason.id for reason in decision.because)
    assert len(seen) > 60
    assert len(VETOES) == 12


def test_the_explanation_names_result_words_signal_sentence_and_version() -> None:
    mail = mail_of("ご応募ありがとうございました。11月5日の選考の結果、採用を見送らせていただきます。")
    decision = deciding.decide(mail, default_ruleset(), Signals(ats=AtsAnswer(AtsStatus.REJECTED, 2.0)))
    text = "\n".join(lines(decision))
    for part in (
        "リンクを追加",
        "採用を見送ら",
        "採用管理システムで不採用(2日前)",
        "<date>の選考の結果",
        decision.ruleset,
    ):
        assert part in text


def test_a_company_rule_is_named() -> None:
    rules = load(
        'schema = 1\n[[rule]]\nid = "quiet"\nname = "静かに"\n'
        '[rule.when]\nmin_score = 1\n[[rule.do]]\naction = "pass"\n',
        "f",
    )
    decision = deciding.decide(mail_of("選考の結果、不採用です。"), rules, Signals())
    assert any("quiet" in line and "静かに" in line for line in lines(decision, "en"))
