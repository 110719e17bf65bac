"""Builds `rules.mail.Mail` values for tests: from files by Python's own e-mail package, or from words."""

from __future__ import annotations

import csv
import email
import email.policy
import html
import re
from dataclasses import replace
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from rules.mail import Mail
from rules.model import AtsAnswer, Signals, read_status

DATA = Path(__file__).parent.parent / "data" / "rejection-mails"
_BLOCK = re.compile(r"(?i)<(br|/p|/div|/tr|/li|/h\d|/td|p|div|hr)\b[^>]*>")
_HIDDEN = re.compile(r"(?is)<(style|script|head|title)\b.*?</\1>")
_QUOTED = re.compile(r"(?is)<blockquote.*?</blockquote>")


def html_to_text(markup: str) -> str:
    """Turn simple HTML into lines; quoted blocks get ``> `` as a mail programme would show them."""
    shown = _HIDDEN.sub("", markup)
    shown = _QUOTED.sub(lambda found: "\n> " + _BLOCK.sub("\n> ", found.group()) + "\n", shown)
    return html.unescape(re.sub(r"<[^>]+>", "", _BLOCK.sub("\n", shown)))


def read_mail(raw: bytes) -> Mail:
    """Read a test mail: sender Return-Path else From, recipients To and Cc, own domain that of From."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    plain, marked = message.get_body(("plain",)), message.get_body(("html",))
    shown = html_to_text(str(marked.get_content())) if marked is not None else ""
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in message.items():
        headers[name.lower()] = (*headers.get(name.lower(), ()), str(value))
    people = getaddresses([*headers.get("to", ()), *headers.get("cc", ())])
    sender = getaddresses(headers.get("from", ()))[0][1]
    return Mail(
        envelope_from=getaddresses(headers.get("return-path", (sender,)))[0][1],
        header_from=sender,
        recipients=tuple(address for _, address in people),
        own_domains=frozenset({sender.rpartition("@")[2].lower()}),
        subject=str(message.get("subject", "")),
        text=str(plain.get_content()) if plain is not None else shown,
        html_text=shown,
        headers=headers,
        display_names=tuple(name for name, _ in people),
    )


def mail_of(text: str, subject: str = "選考結果のご連絡", *, to: str = "山田花子 <hanako@example.com>") -> Mail:
    """Return a mail from example.co.jp's recruiting address with ``text`` to one applicant."""
    people = getaddresses([to])
    return Mail(
        envelope_from="saiyo@example.co.jp",
        header_from="saiyo@example.co.jp",
        recipients=tuple(address for _, address in people),
        own_domains=frozenset({"example.co.jp"}),
        subject=subject,
        text=text,
        html_text="",
        headers={},
        display_names=tuple(name for name, _ in people),
    )


def development_mails() -> list[tuple[dict[str, str], Mail, Signals]]:
    """Return every mail of the development set with its label row and what the simulated ATS answers."""
    with (DATA / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    with (DATA / "signals.csv").open(encoding="utf-8", newline="") as file:
        known = {row["file"]: row for row in csv.DictReader(file)}
    return [(row, read_mail((DATA / row["file"]).read_bytes()), _signals(known[row["file"]])) for row in labels]


def _signals(row: dict[str, str]) -> Signals:
    if row["in_ats"] != "1":
        return Signals()
    return Signals(ats=AtsAnswer(read_status(row["ats_status"]), float(row["status_age_days"])))


def with_text(mail: Mail, text: str) -> Mail:
    """Return ``mail`` with another text and no HTML part."""
    return replace(mail, text=text, html_text="")
