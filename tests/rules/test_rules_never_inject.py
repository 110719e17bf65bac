"""The law of the rule language: whatever a file says, no mail gets a link that it would not get without the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ConfigError
from rules.conditions import cues
from rules.decide import decide
from rules.gates import external
from rules.load import default_ruleset, load
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Decision, Mode, Signals, TextVerdict, Verdict
from tests.rules.eml import mail_of
from tests.rules.rule_text import PASS, REVIEW, block, file, header, hold, rule, tag

NO = "ご応募ありがとうございました。選考の結果、採用を見送らせていただきます。"
TEXTS = (
    NO,
    "ご応募ありがとうございました。選考の結果、内定とさせていただきます。",
    "選考の結果、次の面接にお進みいただきたくご連絡いたしました。",
    "今回は見送らせていただきます。",
    f"{NO}\nなお、別の職種でのご案内が可能です。",
    f"{NO}\n{{{{careerrelay}}}}",
    "明日の会議は15時からです。",
    "Thank you for your application. Unfortunately, we will not be moving forward with your application.",
)
MAILS = tuple(
    changed
    for text in TEXTS
    for mail in (mail_of(text),)
    for changed in (
        mail,
        replace(mail, headers={"x-careerrelay": ("rejection",)}),
        replace(mail, headers={"list-id": ("<x.example.co.jp>",)}),
        replace(mail, recipients=("a@example.com", "b@example.com")),
        replace(mail, recipients=("boss@example.co.jp",)),
        replace(mail, protected="signed"),
        replace(mail, decoding_problem="charset: not known"),
    )
)
SIGNALS = (
    Signals(),
    *(Signals(ats=AtsAnswer(status, days)) for status in AtsStatus for days in (1.0, 30.0)),
    Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0, contrary=True)),
)


def _listed(values: Iterator[str] | tuple[str, ...]) -> st.SearchStrategy[str]:
    known = sorted(values)
    few = st.lists(st.sampled_from(known), min_size=1, max_size=min(3, len(known) - 1), unique=True)
    return few.map(lambda chosen: "[" + ", ".join(f'"{one}"' for one in chosen) + "]")


WORDS = st.sampled_from(["選考", "採用", "内定", "応募", "見送", "application"])
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "sender": _listed(("@example.co.jp", "x@example.org")),
        "recipient": _listed(("@example.com", ".example.jp")),
        "recipient_kind": _listed(("applicant", "staff", "unknown")),
        "text": _listed(tuple(verdict.value for verdict in TextVerdict)),
        "min_score": st.floats(0.1, 20).map(lambda score: f"{score:.2f}"),
        "ats_status": _listed(tuple(status.value for status in AtsStatus)),
        "cue": _listed(tuple(sorted(cues())[:8])),
        "body_new": WORDS.map(lambda word: f'{{ any = ["{word}"] }}'),
        "subject": WORDS.map(lambda word: f"{{ regex = ['{word}'] }}"),
        "header": st.just('{ X-Careerrelay = "*" }'),
    },
).map(lambda keys: "\n".join(f"{key} = {value}" for key, value in list(keys.items())[:3]))
CONDITIONS = ASKED.filter(bool)
ACTIONS = st.sampled_from(
    [(REVIEW,), (PASS,), (block("polite"),), (block("plain", 'place = "end"'), hold(5)), (header("${ats.status}"),),
     (tag("a"), REVIEW), ('action = "bcc_dropbox"\nto = "crm@example.co.jp"', block("polite"))]
)  # fmt: skip


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    head = "".join(
        draw(st.sampled_from(["", line]))
        for line in (
            f'mode = "{draw(st.sampled_from(list(Mode)))}"\n',
            f"[thresholds]\ninject = {draw(st.floats(3.5, 20)):.2f}\nreview = {draw(st.floats(1, 4)):.2f}\n",
            f"[ats]\nwithin_days = {draw(st.integers(0, 9))}\n",
            '[addresses]\nstaff = ["a@example.com"]\ncrm = ["@example.com"]\n',
        )
    )
    rules = [
        rule(draw(CONDITIONS), *draw(ACTIONS), unless=draw(ASKED), name=f"r{number}",
             top=draw(st.sampled_from(["", "stop = true\n", 'mode = "auto"\n'])))
        for number in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    return file(head, *rules)


def _injected_anyway(mail: Mail, signals: Signals) -> bool:
    return decide(mail, default_ruleset(), signals).verdict is Verdict.INJECT


def _check(text: str, mail: Mail, signals: Signals) -> Decision | None:
    try:
        rule_set = load(text, "rules.toml")
    except ConfigError:
        return None
    decision = decide(mail, rule_set, signals)
    if decision.verdict is Verdict.INJECT:
        assert _injected_anyway(mail, signals)
        assert len(external(mail)) == 1
    elif decision.orders is not None:
        assert not decision.orders.block
    return decision


def _seldom(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@_seldom(200)
@given(rule_files(), st.sampled_from(MAILS), st.sampled_from(SIGNALS))
def test_no_rule_file_makes_a_link_go_in(text: str, mail: Mail, signals: Signals) -> None:
    _check(text, mail, signals)


@_seldom(100)
@given(st.text(max_size=200), st.sampled_from(MAILS), st.sampled_from(SIGNALS))
def test_any_text_is_a_rule_file_or_is_refused_with_its_line(text: str, mail: Mail, signals: Signals) -> None:
    _check(f"schema = 1\n{text}", mail, signals)


@pytest.mark.torture
@_seldom(20_000)
@given(rule_files(), st.sampled_from(MAILS), st.sampled_from(SIGNALS))
def test_no_rule_file_makes_a_link_go_in_however_long_one_looks(text: str, mail: Mail, signals: Signals) -> None:
    _check(text, mail, signals)


def test_the_mails_of_this_law_are_of_all_kinds() -> None:
    found = {decide(mail, default_ruleset(), signals).verdict for mail in MAILS for signals in SIGNALS}
    assert found == set(Verdict)
    assert sum(_injected_anyway(mail, signals) for mail in MAILS for signals in SIGNALS) > 3
