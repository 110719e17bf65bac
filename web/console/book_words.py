"""What stands in the book, in words: why something was taken back or adjusted. The book itself holds codes."""

from ledger.adjustments import Side, Why
from ledger.policy import Reason
from web.i18n import gettext


def why_words(why: Why) -> str:
    """A reason of an adjustment."""
    return {
        Why.CORRECTION: gettext("数え間違いの訂正"),
        Why.CONTRACT: gettext("両社の合意"),
        Why.GOODWILL: gettext("お詫び・ご厚意"),
        Why.MIGRATION: gettext("手作業の台帳からの引き継ぎ"),
    }[why]


def side_words(side: Side) -> str:
    """For whom somebody acts."""
    return {
        Side.COMPANY: gettext("導入企業"),
        Side.AGENCY: gettext("紹介会社"),
        Side.OPERATOR: gettext("全体の管理者"),
    }[side]


def reason_words(reason: Reason) -> str:
    """Why a credit is taken back."""
    return {
        Reason.DUPLICATE: gettext("登録済みの方(重複)"),
        Reason.INELIGIBLE: gettext("対象外"),
        Reason.WITHDRAWN: gettext("同意の撤回"),
        Reason.WRONG_PERSON: gettext("人違い"),
        Reason.BOUNCED: gettext("存在しないアドレス"),
        Reason.FRAUD: gettext("不正"),
        Reason.MERGED: gettext("同一人物の二重登録"),
    }[reason]


def cause_words(code: str) -> str:
    """The reason of any entry; a code that this version does not know stays as it stands in the book."""
    if code in set(Reason):
        return reason_words(Reason(code))
    return why_words(Why(code)) if code in set(Why) else code
