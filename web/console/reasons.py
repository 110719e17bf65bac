"""What was decided about a mail in one line, why it left as it did, and what people have answered, in words."""

from rules import explain
from rules.model import Decision
from web import i18n
from web.i18n import gettext


def summary(decision: Decision) -> str:
    """The result in one line."""
    return explain.lines(decision, i18n.lang())[0]


def note_words(note: str) -> str:
    """Why a mail left edited or unchanged: the words for `gateway.backlog.queue.MailLine.note`."""
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
        "not_sure": gettext("そのまま: 不採用と確かに判定されていないため"),
    }.get(note, gettext("そのまま"))


def answer_words(answer: str) -> str:
    """What a person said about a mail: the words for `gateway.judgement.review.ReviewLine.answer`."""
    return {
        "approve": gettext("案内を入れて送る"),
        "release": gettext("そのまま送る"),
        "rejection": gettext("不採用通知だった"),
        "not_rejection": gettext("不採用通知ではない"),
        "wrong": gettext("まちがいとして報告"),
    }.get(answer, answer)
