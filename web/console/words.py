"""Words and chips of the console's lists: states of mails and deliveries, sizes, days."""

from datetime import datetime

from flask import Flask

from core.clock import day_in_japan
from gateway.tables import DeliveryState, MailState
from web.console.reasons import note_words
from web.i18n import gettext, show_date, show_time
from web.show import Chip


def state_chip(state: MailState) -> Chip:
    """Where a mail is on its way."""
    return {
        MailState.RECEIVED: Chip(gettext("受信"), "info"),
        MailState.READY: Chip(gettext("送信待ち"), "info"),
        MailState.HELD: Chip(gettext("保留中"), "wait"),
        MailState.DONE: Chip(gettext("配送済み"), "good"),
        MailState.FAILED: Chip(gettext("配送できず"), "stop"),
        MailState.CANCELLED: Chip(gettext("送信を取り消し"), "calm"),
    }[state]


def delivery_chip(state: DeliveryState) -> Chip:
    """Where the copy for one recipient is."""
    return {
        DeliveryState.WAITING: Chip(gettext("送信待ち"), "info"),
        DeliveryState.SENDING: Chip(gettext("送信中"), "info"),
        DeliveryState.SENT: Chip(gettext("配送済み"), "good"),
        DeliveryState.FAILED: Chip(gettext("配送できず"), "stop"),
        DeliveryState.HELD: Chip(gettext("保留中"), "wait"),
        DeliveryState.CANCELLED: Chip(gettext("送信を取り消し"), "calm"),
    }[state]


def bytes_words(size: int) -> str:
    """A size for people: 812 B, 4.2 KB, 1.3 MB."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def day_or_time(moment: datetime, now: datetime) -> str:
    """The time alone for today's, the day with the time for older ones."""
    if day_in_japan(moment) == day_in_japan(now):
        return show_time(moment)
    return f"{show_date(moment)} {show_time(moment)}"


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        state_chip=state_chip, delivery_chip=delivery_chip, bytes_words=bytes_words, note_words=note_words
    )
    app.jinja_env.filters["day_or_time"] = day_or_time
