"""Why a mail was decided as it was, step by step as the rules go: is it looked at, what do its words say, does anything
keep the link out, does anything confirm it, what do the company's own rules want."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.judgement.review import APPROVE, SentenceLine
from rules import explain
from rules.compare import ats_of
from rules.model import Decision, Mode, Reason, TextVerdict
from rules.ruleset import RuleSet
from web import i18n
from web.i18n import gettext, show_date, show_time
from web.show import Chip

#: The meter ends here; higher scores say nothing more.
METER_MAX = 8.0
QUOTE_CHARS_MAX = 60
_ATS_REASONS = ("ats_rejected", "ats_contrary", "ats_answer")


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said about this sentence. ``standing``: nobody has taken it back."""

    id: int
    text: str
    standing: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One question: its answer as a chip, the reasons, and what can be unfolded (``more``: words and weights)."""

    question: str
    chip: Chip
    lines: Sequence[str]
    more: Sequence[str] = ()
    told: Sequence[Told] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """``limits``: the scores from which a person is asked and a link is possible; None when those rules are gone."""

    steps: Sequence[Step]
    changes: Sequence[str]
    ruleset: str
    limits: tuple[float, float] | None
    meter_max: float = METER_MAX


def why(decision: Decision, told: Sequence[Told], received_at: datetime, rule_set: RuleSet, *, quotes: bool) -> Why:
    """Put the reasons of ``decision`` in order; without ``quotes`` nothing of the mail's own words is shown.

    ``rule_set``: the company's rules of today; their limits are told only where they are those of the decision.
    """
    gates = [reason for reason in decision.because if reason.kind == "gate"]
    steps = [_looked_at(gates)]
    if not gates or decision.text is not TextVerdict.NONE or _of(decision, "hit"):
        steps += [_words(decision, quotes), _stopped(decision, quotes), _confirmed(decision, told, received_at)]
    rules = [reason for reason in _of(decision, "note") if reason.id.startswith("rule:")]
    if rules or decision.orders is not None:
        steps.append(_own_rules(decision, rules))
    same = rule_set.version == decision.ruleset
    limits = (rule_set.review_score, rule_set.inject_score) if same else None
    return Why(steps, explain.changes(decision, i18n.lang()), decision.ruleset, limits)


def told_words(lines: Sequence[SentenceLine], people: dict[str, str]) -> list[Told]:
    """Answers about a sentence in words; ``people`` has a name for each ``by``."""
    return [Told(line.id, _told(line, people.get(line.by, line.by)), line.undone_at is None) for line in lines]


def _told(line: SentenceLine, who: str) -> str:
    values = {"id": line.id, "who": who, "at": f"{show_date(line.at)} {show_time(line.at)}", "sender": line.sender}
    if line.undone_at is not None:
        return gettext("文 %(id)d(%(sender)s): %(who)s の答えは取り消されています", **values)
    if line.answer == APPROVE:
        return gettext("文 %(id)d(%(sender)s): %(who)s が %(at)s に承認", **values)
    return gettext("文 %(id)d(%(sender)s): %(who)s が %(at)s に「不採用通知ではない」と回答", **values)


def _looked_at(gates: Sequence[Reason]) -> Step:
    chip = Chip(gettext("対象外"), "stop") if gates else Chip(gettext("対象"), "good")
    lines = [_said(reason) for reason in gates] or [gettext("採用の差出人から、社外の一人に宛てたメールです。")]
    return Step(gettext("判定の対象ですか"), chip, lines)


def _words(decision: Decision, quotes: bool) -> Step:
    chip = {
        TextVerdict.REJECTION: Chip(gettext("不採用の通知"), "brand"),
        TextVerdict.LIKELY: Chip(gettext("不採用の通知らしい"), "info"),
        TextVerdict.AMBIGUOUS: Chip(gettext("どちらとも読める"), "wait"),
        TextVerdict.NONE: Chip(gettext("不採用の通知ではない"), "calm"),
    }[decision.text]
    hits = [explain.said(reason, i18n.lang()) for reason in _of(decision, "hit")] if quotes else []
    problems = [_said(reason) for reason in _of(decision, "note") if reason.id == "decoding_problem"]
    return Step(gettext("文面は何と言っていますか"), chip, problems, more=hits, score=decision.score)


def _stopped(decision: Decision, quotes: bool) -> Step:
    found = [reason for reason in _of(decision, "veto") if not reason.id.startswith("ats_")]
    vetoes = [_quoted(reason) if quotes else _said(reason) for reason in found]
    chip = Chip(gettext("あり"), "stop") if vetoes else Chip(gettext("なし"), "good")
    none = gettext("合格・保留・辞退など、案内を止める言葉は見つかりませんでした。")
    return Step(gettext("案内を止める言葉はありますか"), chip, vetoes or [none])


def _confirmed(decision: Decision, told: Sequence[Told], received_at: datetime) -> Step:
    signals = _of(decision, "signal")
    contrary = [reason for reason in _of(decision, "veto") if reason.id.startswith("ats_")]
    notes = [reason for reason in _of(decision, "note") if reason.id.startswith("ats_")]
    if contrary:
        chip = Chip(gettext("食い違い"), "stop")
    else:
        chip = Chip(gettext("あり"), "good") if signals else Chip(gettext("なし"), "wait")
    lines = [_with_time(decision, reason, received_at) for reason in (*signals, *contrary, *notes)]
    if not signals:
        lines.append(gettext("文面だけで案内を入れることはありません。"))
    return Step(gettext("文面のほかに裏づけはありますか"), chip, lines, told=told)


def _own_rules(decision: Decision, rules: Sequence[Reason]) -> Step:
    lines = [_said(reason) for reason in rules]
    orders = decision.orders
    if orders is not None:
        mode = {Mode.OBSERVE: gettext("見守り"), Mode.CONFIRM: gettext("確認")}.get(orders.mode)
        lines += [gettext("このメールのモード: %(mode)s", mode=mode)] if mode else []
        lines += [gettext("付けるタグ: %(tags)s", tags=", ".join(orders.tags))] if orders.tags else []
        names = ", ".join(name for name, _ in orders.headers)
        lines += [gettext("付けるヘッダー: %(names)s", names=names)] if names else []
        lines += [gettext("控えの送り先: %(to)s", to=", ".join(orders.dropboxes))] if orders.dropboxes else []
    return Step(gettext("会社のルールは"), Chip(gettext("あり"), "info"), lines)


def _with_time(decision: Decision, reason: Reason, received_at: datetime) -> str:
    """The line of an ATS answer, with the moment of its status: counted back from when the mail came."""
    line = _said(reason)
    answer = ats_of(decision)
    if reason.id not in _ATS_REASONS or answer is None or answer == "silent":
        return line
    changed_at = received_at - timedelta(days=answer.age_days)
    return gettext("%(line)s — %(at)s の情報", line=line, at=f"{show_date(changed_at)} {show_time(changed_at)}")


def _of(decision: Decision, kind: str) -> list[Reason]:
    return [reason for reason in decision.because if reason.kind == kind]


def _quoted(reason: Reason) -> str:
    quote = " ".join(reason.quote.split())[:QUOTE_CHARS_MAX]
    return gettext("%(said)s 「%(quote)s」", said=_said(reason), quote=quote) if quote else _said(reason)


def _said(reason: Reason) -> str:
    return explain.said(reason, i18n.lang())
