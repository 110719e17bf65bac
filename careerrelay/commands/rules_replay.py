"""`careerrelay rules replay`: the kept mails decided once more, under other rules."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careerrelay.front import ID, Front, emit, json_option, lang_option, pass_front, table
from core.lang import Lang

if TYPE_CHECKING:
    from core.runtime import Runtime
    from gateway.judgement.replay import Plan, Replay, Sample

_SPAN = re.compile(r"(\d{1,4})([dh])\Z")
SAMPLES_MAX = 1000
REASONS_SHOWN = 8
PROGRESS_EVERY = 100


class Since(click.ParamType[timedelta | datetime]):
    """``14d`` or ``36h`` before now, or a day (midnight UTC)."""

    name = "14d|36h|YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta | datetime:
        if isinstance(value, timedelta | datetime):
            return value
        span = _SPAN.match(value)
        if span is not None:
            return timedelta(days=int(span[1])) if span[2] == "d" else timedelta(hours=int(span[1]))
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r}: write 14d, 36h or a day such as 2026-11-07", param, ctx)


@click.command()
@click.option("--since", type=Since(), default="14d", show_default=True, help="Mails received since then.")
@click.option("--rules", "new_file", type=click.Path(path_type=Path), metavar="NEW.toml",
              help="The rules to try; default: those in force.")  # fmt: skip
@click.option("--against", "old_file", type=click.Path(path_type=Path), metavar="OLD.toml",
              help="What to compare with; default: the rules in force.")  # fmt: skip
@click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company's mails.")
@click.option("--samples", type=click.IntRange(0, SAMPLES_MAX), default=5, show_default=True,
              help="Changed mails to show, with what would leave.")  # fmt: skip
@lang_option
@json_option
@pass_front
def replay(
    front: Front,
    since: timedelta | datetime,
    new_file: Path | None,
    old_file: Path | None,
    company_id: int | None,
    samples: int,
    lang: Lang | None,
    as_json: bool,
) -> None:
    """Decide the kept mails of recruiting senders again, under other rules, and say what would be different.

    Changes nothing and sends nothing. Passed mail is kept only with KEEP_PASSED_DAYS: how many mails could not be seen
    is said. With neither --rules nor --against the rules in force are compared with what was decided on the day.
    """
    from careerrelay.judging import load_rules
    from gateway.judgement.replay import Plan

    new, old = (None if file is None else load_rules(file) for file in (new_file, old_file))
    with front.runtime() as runtime:
        began = since if isinstance(since, datetime) else runtime.clock.now() - since
        found = run_with_progress(runtime, Plan(began, company_id, new, old, samples), quiet=as_json)
    emit(as_json, plain(found, began, front.lang(lang)), *lines(found, front.lang(lang)))


def run_with_progress(runtime: "Runtime", plan: "Plan", *, quiet: bool = False) -> "Replay":
    """Run to the end; on a terminal a line says how far it is."""
    from gateway.judgement import replay as mails

    def show(done: int, total: int) -> None:
        if done % PROGRESS_EVERY == 0 or done == total:
            click.echo(f"\r{done:,} of {total:,} mails", err=True, nl=done == total)

    return mails.run(runtime, plan, show if sys.stderr.isatty() and not quiet else lambda _done, _total: None)


def plain(found: "Replay", since: datetime, lang: Lang) -> dict[str, Any]:
    """The result for a program to read."""
    compared = found.comparison
    calls = {"before": compared.before, "after": compared.after}
    return {
        "since": since.isoformat(),
        "mails": found.mails,
        "seen": compared.seen,
        "unseen": dict(found.unseen),
        "rules": {str(each): {"before": old, "after": new} for each, (old, new) in found.versions.items()},
        "decisions": {name: dict(side.verdicts) for name, side in calls.items()},
        "changed": compared.changed,
        "moves": dict(compared.moves),
        "changes": dict(compared.changes),
        "unlike_stored": compared.unlike_stored,
        "answered": compared.answered,
        "wrong_calls": {name: {"link": side.wrong_links, "missed": side.missed} for name, side in calls.items()},
        "days_above_cap": [
            {"company": company, "day": day, "links": links, "cap": cap} for company, day, links, cap in found.capped
        ],
        "samples": [_sample(one, lang) for one in found.samples],
    }


def _sample(one: "Sample", lang: Lang) -> dict[str, Any]:
    from rules.explain import reason_line

    return {
        "mail": one.mail.mail_id,
        "company": one.mail.company_id,
        "received_at": one.received_at.isoformat(),
        "changes": list(one.mail.changes),
        "answer": {True: "rejection", False: "not_rejection", None: None}[one.mail.rejection],
        **{
            name: {
                "decision": decision.verdict.value,
                "score": decision.score,
                "mode": way.mode.value,
                "leaves": way.word,
                "detail": way.detail,
                "because": [reason_line(reason, lang) for reason in decision.because],
            }
            for name, decision, way in (
                ("before", one.mail.before, one.before),
                ("after", one.mail.after, one.after),
            )
        },
        "diff": list(one.diff),
    }


_WORDS = {
    "en": {
        "seen": "mails of recruiting senders: {mails}, decided again: {seen}, not to be seen: {unseen}",
        "not_kept": "bytes not kept",
        "unreadable": "cannot be read",
        "no_recruiting_sender_now": "no recruiting sender any more",
        "heads": ("", "link", "review", "unchanged", "wrong link", "missed"),
        "before": "before",
        "after": "after",
        "changed": "decisions that change: {changed} {moves}",
        "stored": "decided otherwise than on the day, with what has been learnt since: {count}",
        "answered": "answered by a person: {count}",
        "wrong": "NEW WRONG LINKS: people called these no rejection: {mails}",
        "capped": "company {company}, {day}: {links} links, above the daily cap of {cap}",
        "sample": "mail {mail} (company {company}, {at}): {before} > {after}",
        "leaves": "leaves: {before} > {after}",
        "codes": {},
    },
    "ja": {
        "seen": "採用の差出人のメール: {mails}通(判定し直した {seen}通、見られなかった {unseen}通)",
        "not_kept": "内容を保存していない",
        "unreadable": "読めない",
        "no_recruiting_sender_now": "今は採用の差出人ではない",
        "heads": ("", "案内", "見直し", "そのまま", "誤った案内", "見落とし"),
        "before": "これまで",
        "after": "これから",
        "changed": "判定が変わるもの: {changed}通 {moves}",
        "stored": "当日の判定と違うもの: {count}通(その後に覚えた文を含む)",
        "answered": "人が答えたもの: {count}通",
        "wrong": "新たな誤り: 人が「不採用通知ではない」と答えたメールに案内が入ります: {mails}",
        "capped": "会社 {company}、{day}: 案内 {links}通は、1日の上限 {cap}通を超えます",
        "sample": "メール {mail}(会社 {company}、{at}): {before} > {after}",
        "leaves": "送る内容: {before} > {after}",
        "codes": {
            "inject": "案内",
            "review": "見直し",
            "pass": "そのまま",
            "observe": "見守り",
            "confirm": "確認",
            "auto": "自動",
            "edited": "案内入り",
            "unchanged": "元のまま",
            "held": "人の答え待ち",
            "no_licensed_agency": "許可が有効な紹介会社なし",
            "cannot_edit": "安全に書き加えられない形式",
            "mode": "モード",
            "block": "案内の文",
            "place": "入れる場所",
            "headers": "ヘッダー",
            "tags": "タグ",
            "dropboxes": "控えの送り先",
            "hold_minutes": "止める時間",
        },
    },
}


def lines(found: "Replay", lang: Lang) -> list[str]:
    """The result for a person: figures first, then the changed mails."""
    words: dict[str, Any] = _WORDS[lang]
    compared = found.comparison
    unseen = ", ".join(f"{words[reason]}: {count}" for reason, count in found.unseen.most_common())
    shown = [words["seen"].format(mails=found.mails, seen=compared.seen, unseen=found.unseen.total())]
    shown += [f"  {unseen}"] if unseen else []
    rows = [
        (words[name], *(side.verdicts[verdict] for verdict in ("inject", "review", "pass")),
         len(side.wrong_links), len(side.missed))
        for name, side in (("before", compared.before), ("after", compared.after))
    ]  # fmt: skip
    shown += table(words["heads"], rows)
    both = sorted({**compared.moves, **_orders(found)}.items())
    moves = ", ".join(f"{'>'.join(_word(words, code) for code in move.split('>'))}: {count}" for move, count in both)
    shown.append(words["changed"].format(changed=compared.changed, moves=f"({moves})" if moves else "").rstrip())
    shown.append(words["answered"].format(count=compared.answered))
    shown.append(words["stored"].format(count=compared.unlike_stored))
    if wrong := compared.new_wrong_links:
        shown.append(words["wrong"].format(mails=", ".join(map(str, wrong))))
    for company, day, links, cap in found.capped:
        shown.append(words["capped"].format(company=company, day=day, links=links, cap=cap))
    for one in found.samples:
        shown += ["", *_sample_lines(one, words, lang)]
    return shown


def _word(words: dict[str, Any], code: str) -> str:
    """A word of the product in the reader's language; in English the codes are words."""
    return str(words["codes"].get(code, code))


def _orders(found: "Replay") -> dict[str, int]:
    return {name: count for name, count in found.comparison.changes.items() if name != "verdict"}


def _sample_lines(one: "Sample", words: dict[str, Any], lang: Lang) -> Sequence[str]:
    from rules.explain import reason_line

    mail = one.mail
    head = words["sample"].format(
        mail=mail.mail_id,
        company=mail.company_id,
        at=f"{one.received_at:%Y-%m-%d %H:%MZ}",
        before=_word(words, mail.before.verdict.value),
        after=_word(words, mail.after.verdict.value),
    )
    known = set(mail.before.because)
    new = [reason for reason in mail.after.because if reason not in known][:REASONS_SHOWN]
    old = [reason for reason in mail.before.because if reason not in set(mail.after.because)][:REASONS_SHOWN]
    shown = [head, *(f"  - {reason_line(reason, lang)}" for reason in old)]
    shown += [f"  + {reason_line(reason, lang)}" for reason in new]
    if one.diff:
        ways = [
            f"{_word(words, way.mode.value)}, {_word(words, way.word)} {way.detail}".rstrip()
            for way in (one.before, one.after)
        ]
        shown.append("  " + words["leaves"].format(before=ways[0], after=ways[1]))
        shown += [f"    {line}" for line in one.diff]
    return shown
