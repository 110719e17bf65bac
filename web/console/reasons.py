"""Why a mail was decided as it was, and why it left as it did, in words."""

from dataclasses import dataclass, replace

from rules import explain
from rules.model import Decision, Lang, Reason
from web import i18n
from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A chip and a line."""

    word: str
    style: str
    text: str


def lines(decision: Decision, *, quotes: bool) -> list[ReasonLine]:
    """Every reason in the order it was found; without ``quotes`` nothing of the mail's own words is shown."""
    kinds = {
        "gate": (gettext("前提"), "stop"),
        "veto": (gettext("止めた理由"), "stop"),
        "hit": (gettext("表現"), "brand"),
        "signal": (gettext("裏づけ"), "good"),
        "cut": (gettext("読まない部分"), "calm"),
        "note": (gettext("参考"), "info"),
    }
    shown = (
        decision.because
        if quotes
        else tuple(replace(reason, quote="…" if reason.quote else "") for reason in decision.because)
    )
    return [ReasonLine(*kinds[reason.kind], _text(reason)) for reason in shown]


def changes(decision: Decision) -> list[str]:
    """What would have to be otherwise for another decision."""
    bare = replace(decision, because=(), sentence="")
    return explain.lines(bare, _lang())[1:-1]


def summary(decision: Decision) -> str:
    """The result in one line."""
    return explain.lines(decision, _lang())[0]


def note_words(note: str) -> str:
    """Why a mail left edited or unchanged: the words for `gateway.queue.MailLine.note`."""
    return {
        "": "",
        "edited": gettext("案内を入れました"),
        "held": gettext("人の答えを待っています"),
        "released": gettext("そのまま: 人の判断"),
        "expired": gettext("そのまま: 時間が来たため"),
        "observe": gettext("そのまま: 見守りのため"),
        "daily_cap": gettext("そのまま: 1日の上限に達したため"),
        "no_licensed_agency": gettext("そのまま: 許可が有効な紹介会社がないため"),
        "opted_out": gettext("そのまま: 案内を望まない方のため"),
        "invited_within_365_days": gettext("そのまま: 1年以内に案内した方のため"),
        "link_revoked": gettext("そのまま: 取り消したリンクのため"),
        "cannot_edit": gettext("そのまま: 安全に書き加えられない形式のため"),
    }.get(note, gettext("そのまま"))


def _text(reason: Reason) -> str:
    return explain.reason_line(reason, _lang())


def _lang() -> Lang:
    return "en" if i18n.lang() == "en" else "ja"
