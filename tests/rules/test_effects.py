"""Every phrase, gate and veto makes a difference: taken out, its own example is decided otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from rules import gates, lexicon, moods, vetoes
from rules.decide import decide
from rules.lexicon import Found, Lexicon, Phrase
from rules.load import default_ruleset, load
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, TextVerdict, Verdict
from rules.reading import Reading
from rules.vetoes import Veto
from tests.rules.eml import mail_of

RULES = default_ruleset()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
PHRASES = lexicon.shipped().phrases

REJECTION = {
    "ja": "ご応募ありがとうございました。\n今回は採用を見送らせていただきます。\n",
    "en": "Thank you for your application.\nWe have decided not to proceed with your application.\n",
}
APPLIED = {"ja": "ご応募ありがとうございました。\n", "en": "Thank you for your application.\n"}
#: A "no" that does not name the job, from an address that says nothing about recruiting.
VAGUE = {"ja": "今回は見送りとなりました。\n", "en": "We are going to pass this time.\n"}
SUBJECT = {"ja": "ご連絡", "en": "Hello"}


class _Without(Lexicon):
    """The shipped phrases but one."""

    def __init__(self, left_out: Phrase) -> None:
        self._left_out = left_out
        self._all = lexicon.shipped()
        self.phrases = self._all.phrases

    def find(self, text: str) -> Iterator[Found]:
        return (found for found in self._all.find(text) if found.phrase is not self._left_out)


@contextmanager
def _without(phrase: Phrase, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    thinner = _Without(phrase)
    with monkeypatch.context() as patch:
        patch.setattr(lexicon, "shipped", lambda: thinner)
        moods._remembered.cache_clear()
        yield
    moods._remembered.cache_clear()


def _frame(phrase: Phrase) -> Mail:
    """Return the mail in which the phrase's example has to matter."""
    subject, said, vague = SUBJECT[phrase.lang], phrase.example, VAGUE[phrase.lang]
    if phrase.where == "subject":
        return mail_of(REJECTION[phrase.lang], said)
    match phrase.kind:
        case "no" | "soft":
            return mail_of(APPLIED[phrase.lang] + said, subject)
        case "support" | "closing" | "context":
            sender = "tanaka@example.co.jp"
            return replace(mail_of(vague + said, subject), envelope_from=sender, header_from=sender)
        case "elsewhere":
            return mail_of(said, subject)
        case _:
            return mail_of((vague if phrase.then == "quiet" else REJECTION[phrase.lang]) + said, subject)


def _outcome(mail: Mail) -> tuple[Verdict, TextVerdict, float]:
    decision = decide(mail, RULES, REJECTED)
    return decision.verdict, decision.text, decision.score


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.id)
def test_without_the_phrase_its_example_is_decided_otherwise(phrase: Phrase, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = _frame(phrase)
    verdict, text, score = _outcome(mail)
    with _without(phrase, monkeypatch):
        bare = _outcome(mail)
    if phrase.kind in {"no", "soft", "support", "closing", "context"}:
        assert bare[2] < score
    else:
        assert bare[:2] != (verdict, text)
        assert verdict is not Verdict.INJECT


NO = REJECTION["ja"]
PLAIN = mail_of(NO)
BOOK = load('schema = 1\n[addresses]\nagencies = ["@example.com"]\n', "rules.toml")

#: A mail that would get the link but for this gate.
GATED = {
    "protected": replace(PLAIN, protected="signed"),
    "already_processed": replace(PLAIN, already_processed=True),
    "auto_replied": replace(PLAIN, headers={"auto-submitted": ("auto-replied",)}),
    "bulk": replace(PLAIN, headers={"list-unsubscribe": ("<https://example.co.jp/u>",)}),
    "only_internal": replace(PLAIN, recipients=("jinji@example.co.jp",)),
    "address_book": PLAIN,
    "many_recipients": replace(PLAIN, recipients=("a@example.net", "b@example.org")),
}
#: A mail that would get the link but for this veto.
VETOED = {
    "_positive": mail_of(NO + "内定とさせていただきます。"),
    "_cues": mail_of(NO + "補欠として登録いたします。"),
    "_quoted": mail_of(NO + "「残念ながら今回は不採用とさせていただきます」"),
    "_past": mail_of(NO + "昨年は不採用とさせていただきました。"),
    "_part": mail_of(NO + "本社勤務は見送りとなりました。"),
    "_asked": mail_of(NO + "来週の火曜日からでいかがでしょうか。"),
    "_turned": mail_of(NO.replace("いただきます。", "いただきますが、事務の方で席を設けました。")),
    "_body": mail_of("株式会社例 林様\n" + NO),
    "_named": mail_of("山田様\n" + NO.replace("今回は", "鈴木様は")),
    "_template": mail_of("[氏名]様\n" + NO),
    "_unread": mail_of(NO + "選考の結果、甲乙丙丁となりました。"),
    "_long": mail_of(NO + "。" + "あいうえおかき。" * 40_000),
}


@pytest.mark.parametrize("gate", gates.GATES, ids=lambda gate: gate.__name__)
def test_without_the_gate_its_mail_would_get_the_link(gate: gates.Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    mail, rules = GATED[gate.__name__], BOOK if gate is gates.address_book else RULES
    assert decide(mail, rules, REJECTED).verdict is not Verdict.INJECT
    monkeypatch.setattr(gates, "GATES", tuple(one for one in gates.GATES if one is not gate))
    assert decide(mail, rules, REJECTED).verdict is Verdict.INJECT


@pytest.mark.parametrize("veto", vetoes.VETOES, ids=lambda veto: veto.__name__)
def test_without_the_veto_its_mail_would_get_the_link(
    veto: Callable[[Mail, Reading], Iterator[Veto]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = VETOED[veto.__name__]
    assert decide(mail, RULES, REJECTED).verdict is Verdict.REVIEW
    monkeypatch.setattr(vetoes, "VETOES", tuple(one for one in vetoes.VETOES if one is not veto))
    assert decide(mail, RULES, REJECTED).verdict is Verdict.INJECT
