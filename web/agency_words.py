"""What the agency's pages say: trays of the inbox, and the steps behind an introduction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask

from crm.delivery.desk import Tray
from crm.referral.outcomes import OutcomeKind
from crm.referral.referral_states import ANSWER_DAYS, ReferralView
from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class TrayWords:
    """A tray of the agency's inbox: its name, what lies in it, and what to say when nothing does."""

    name: str
    hint: str
    empty: str


def tray_words(tray: Tray) -> TrayWords:
    """The words of one tray."""
    return {
        Tray.NEW: TrayWords(
            gettext("ご回答待ち"),
            gettext("受け取りから7日以内にご回答ください。古い順に並んでいます。"),
            gettext("ご回答待ちのプロフィールはありません"),
        ),
        Tray.TALK: TrayWords(
            gettext("面談の希望"),
            gettext("受け付けた方です。連絡先は、ご本人が応じると届きます。"),
            gettext("ご本人の返事を待っているものはありません"),
        ),
        Tray.CONTACT: TrayWords(
            gettext("連絡先あり"),
            gettext("ご本人が連絡先の提供に同意しています。"),
            gettext("連絡先を受け取ったものはありません"),
        ),
        Tray.DONE: TrayWords(
            gettext("終了"),
            gettext("採用、終了、重複、対象外、辞退、撤回となったものです。"),
            gettext("終了したものはありません"),
        ),
    }[tray]


def outcome_words(kind: OutcomeKind) -> str:
    """A step behind the introduction."""
    return {
        OutcomeKind.INTERVIEWED: gettext("面談"),
        OutcomeKind.OFFERED: gettext("内定"),
        OutcomeKind.HIRED: gettext("入社"),
        OutcomeKind.RETAINED_3: gettext("3か月在籍"),
        OutcomeKind.RETAINED_6: gettext("6か月在籍"),
        OutcomeKind.RETAINED_12: gettext("12か月在籍"),
        OutcomeKind.CLOSED: gettext("ご縁なく終了"),
    }[kind]


def outcome_choices() -> list[tuple[str, str]]:
    """Every step as code and word, for a form."""
    return [(kind.value, outcome_words(kind)) for kind in OutcomeKind]


def answer_by(referral: ReferralView) -> datetime | None:
    """The day by which an answer is asked for; after it the silence is told to all."""
    return None if referral.shared_at is None else referral.shared_at + timedelta(days=ANSWER_DAYS)


def install(app: Flask) -> None:
    """Let templates ask."""
    app.jinja_env.globals.update(
        tray_words=tray_words, outcome_words=outcome_words, outcome_choices=outcome_choices, answer_by=answer_by
    )
