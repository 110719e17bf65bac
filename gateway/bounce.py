"""Reports to the sender: not delivered, delayed, handed to a server that reports nothing (RFC 3464, RFC 3461). Pure.

From the null sender, with the original's header only: a report must not carry an attachment around twice, nor start a
loop (RFC 5321 6.1).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from enum import StrEnum

from core.clock import JST
from core.tokens import new_token
from gateway.envelope import Envelope
from gateway.outcome import Reply
from gateway.received import header_of

HEADER_BYTES_MAX = 65_536


class Action(StrEnum):
    """RFC 3464 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    RELAYED = "relayed"


_NOTIFY = {Action.FAILED: "FAILURE", Action.DELAYED: "DELAY", Action.RELAYED: "SUCCESS"}

_SUBJECTS = {
    Action.FAILED: "Undelivered mail / メールをお届けできませんでした",
    Action.DELAYED: "Delayed mail, still trying / メールの配送が遅れています",
    Action.RELAYED: "Mail handed on / メールを転送しました",
}

_TEXTS = {
    Action.FAILED: (
        "下記の宛先へメールをお届けできませんでした。再送は行いません。",
        "Your mail could not be delivered to the recipients below. It will not be tried again.",
    ),
    Action.DELAYED: (
        "下記の宛先へのお届けが遅れています。配送は自動で続けますので、再度お送りいただく必要はありません。",
        "Your mail has not reached the recipients below yet. Delivery goes on by itself; do not send it again.",
    ),
    Action.RELAYED: (
        "下記の宛先へのメールを次のサーバーへ引き渡しました。このサーバーは配送通知に対応していません。",
        "Your mail was handed to the next server, which does not send delivery reports.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reported:
    """A recipient, its parameters (ORCPT is quoted back), and what the next hop said."""

    recipient: str
    params: Mapping[str, str]
    reply: Reply


def wanted(action: Action, sender: str, params: Mapping[str, str]) -> bool:
    """Does the sender want to hear this? Never for `<>`; NOTIFY decides, else failures and delays (RFC 3461 4.1)."""
    if not sender:
        return False
    notify = params.get("NOTIFY", "").upper()
    if notify:
        return _NOTIFY[action] in notify.split(",")
    return action is not Action.RELAYED


def report(
    action: Action,
    *,
    envelope: Envelope,
    recipients: Sequence[Reported],
    original: bytes,
    hostname: str,
    queue_id: str,
    received_at: datetime,
    now: datetime,
    retry_until: datetime | None = None,
) -> bytes:
    """The report as bytes. ``original``: the mail as it came; only its header is returned."""
    boundary = f"=_{new_token()}"
    smtputf8 = not all(map(str.isascii, (envelope.sender, *(entry.recipient for entry in recipients))))
    lines = [
        f"From: Mail Delivery System <MAILER-DAEMON@{hostname}>",
        f"To: <{envelope.sender}>",
        f"Subject: {_encoded_word(_SUBJECTS[action])}",
        f"Date: {format_datetime(now.astimezone(JST))}",
        f"Message-ID: <{new_token()}@{hostname}>",
        "Auto-Submitted: auto-replied",  # RFC 3834 5
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        *_base64_lines("\r\n".join(_for_people(action, recipients))),
        f"--{boundary}",
        f"Content-Type: message/{'global-' if smtputf8 else ''}delivery-status",
        *(["Content-Transfer-Encoding: 8bit"] if smtputf8 else []),
        "",
        *_for_machines(action, envelope, recipients, hostname, queue_id, received_at, retry_until),
        f"--{boundary}",
        "Content-Type: text/rfc822-headers",
        "Content-Transfer-Encoding: 8bit",
        "",
        "",
    ]
    header = header_of(original)[:HEADER_BYTES_MAX]
    if not header.endswith(b"\r\n"):
        header += b"\r\n"
    return "\r\n".join(lines).encode("utf-8", "replace") + header + f"\r\n--{boundary}--\r\n".encode()


def _for_people(action: Action, recipients: Sequence[Reported]) -> list[str]:
    japanese, english = _TEXTS[action]
    lines = [japanese, "", english, ""]
    for entry in recipients:
        lines.append(f"  <{entry.recipient}>")
        lines.append(f"    {entry.reply.code} {entry.reply.status_or_default} {entry.reply.text}")
    return [*lines, ""]


def _base64_lines(text: str) -> list[str]:
    return base64.encodebytes(text.encode("utf-8", "replace")).decode("ascii").splitlines()


def _for_machines(
    action: Action,
    envelope: Envelope,
    recipients: Sequence[Reported],
    hostname: str,
    queue_id: str,
    received_at: datetime,
    retry_until: datetime | None,
) -> list[str]:
    lines = [f"Reporting-MTA: dns; {hostname}"]
    if "ENVID" in envelope.params:
        lines.append(f"Original-Envelope-Id: {envelope.params['ENVID']}")
    lines += [f"X-Queue-ID: {queue_id}", f"Arrival-Date: {format_datetime(received_at.astimezone(JST))}"]
    for entry in recipients:
        kind = "rfc822" if entry.recipient.isascii() else "utf-8"  # RFC 6533 3
        lines.append("")
        if "ORCPT" in entry.params:
            original_kind, _, address = entry.params["ORCPT"].partition(";")
            lines.append(f"Original-Recipient: {original_kind}; {address}")
        lines += [
            f"Final-Recipient: {kind}; {entry.recipient}",
            f"Action: {action.value}",
            f"Status: {entry.reply.status_or_default}",
        ]
        if not entry.reply.ours:
            lines.append(f"Diagnostic-Code: smtp; {entry.reply.code} {entry.reply.status} {entry.reply.text}")
        if retry_until is not None:
            lines.append(f"Will-Retry-Until: {format_datetime(retry_until.astimezone(JST))}")
    return [*lines, ""]


def _encoded_word(text: str) -> str:
    return Header(text, "utf-8", header_name="Subject", maxlinelen=76).encode(linesep="\r\n")
