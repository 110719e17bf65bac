"""Whole letters as mails in many charsets and shapes: what the gateway reads is decided like the words themselves."""

import pytest

from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.parse import parse
from gateway.letter.read import read_mail
from rules.decide import decide
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, Verdict
from tests.gateway.mails import LIMITS
from tests.rules.letters import RECIPIENT, SENDER, Letter, letters

RULES = default_ruleset()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
ENVELOPE = Envelope(SENDER, (Recipient(RECIPIENT),))
BASE = "https://relay.example.jp"


def _read(letter: Letter) -> Mail:
    own = frozenset({SENDER.rpartition("@")[2]})
    return read_mail(parse(letter.octets(), LIMITS), ENVELOPE, own, BASE, already_processed=False)


@pytest.mark.parametrize("prefix", ["first", "second", "third"])
def test_a_letter_is_decided_alike_whatever_charset_and_shape_it_has(prefix: str) -> None:
    charsets: set[bool] = set()
    for letter in letters(prefix):
        mail, plain = _read(letter), letter.mail()
        assert "".join(mail.text.split()) == "".join(plain.text.split()), letter.name
        assert (mail.subject, mail.display_names) == (plain.subject, plain.display_names)
        decision = decide(mail, RULES, REJECTED)
        assert decision.text is decide(plain, RULES, REJECTED).text, (letter.name, decision.because)
        assert decision.verdict is not Verdict.INJECT or letter.label == "rejection"
        assert decision.verdict is not Verdict.INJECT or not mail.decoding_problem
        charsets.add(bool(mail.decoding_problem))
    assert charsets == {False, True}  # some do not say in which charset they are
