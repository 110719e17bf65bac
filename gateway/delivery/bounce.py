"""Reports to the sender: not delivered, delayed, handed to a server that reports nothing (RFC 3464, RFC 3461). Pure.

From the null sender, so that no report starts a loop (RFC 5321 6.1). Only the original's header goes back; the whole of
it when the sender asked for that with RET=FULL, the mail has failed and is small (RFC 3461 4.3): a report must not
carry an attachment around twice. It is always the original as it came, never the edited copy.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from enum import StrEnum

from core.clock import JST
from core.tokens import new_token
from gateway.letter.envelope import Envelope
from gateway.outcome import Reply, printable
from gateway.received import header_of

#: The caller gives this much of the original: its header, or all of it when it is shorter.
HEADER_BYTES_MAX = 65_536
_XCHAR = re.compile(r"\+([0-9A-F]{2})")


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
    """The report as bytes. ``original``: the first `HEADER_BYTES_MAX` octets of the mail as it came."""
    boundary = f"=_{new_token()}"
    # RFC 6533: internationalized addresses need the global forms of all three parts.
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
        *_for_machines(action, envelope, recipients, hostname, queue_id, received_at, now, retry_until, smtputf8),
        f"--{boundary}",
    ]
    returned = _returned(action, envelope, original, smtputf8)
    return "\r\n".join([*lines, ""]).encode("utf-8", "replace") + returned + f"\r\n--{boundary}--\r\n".encode()


def _returned(action: Action, envelope: Envelope, original: bytes, smtputf8: bool) -> bytes:
    """The third part: the original's header, or the original."""
    whole = len(original) < HEADER_BYTES_MAX and action is Action.FAILED
    if whole and envelope.params.get("RET", "").upper() == "FULL":
        kind, content = "message/global" if smtputf8 else "message/rfc822", original
    else:
        kind, content = "message/global-headers" if smtputf8 else "text/rfc822-headers", header_of(original)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    encoding = "7bit" if content.isascii() else "8bit"
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + content


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
    now: datetime,
    retry_until: datetime | None,
    smtputf8: bool,
) -> list[str]:
    """Fields of the mail, then of each recipient (RFC 3464 2.2 and 2.3)."""
    lines = [f"Reporting-MTA: dns; {hostname}"]
    if "ENVID" in envelope.params:
        lines.append(f"Original-Envelope-Id: {_from_xtext(envelope.params['ENVID'])}")
    lines += [f"X-Queue-ID: {queue_id}", f"Arrival-Date: {format_datetime(received_at.astimezone(JST))}"]
    for entry in recipients:
        kind = "rfc822" if entry.recipient.isascii() else "utf-8"  # RFC 6533 3
        lines.append("")
        if "ORCPT" in entry.params:
            original_kind, _, address = entry.params["ORCPT"].partition(";")
            lines.append(f"Original-Recipient: {original_kind}; {_from_xtext(address)}")
        lines += [
            f"Final-Recipient: {kind}; {entry.recipient}",
            f"Action: {action.value}",
            f"Status: {entry.reply.status_or_default}",
        ]
        if not entry.reply.ours:
            lines.append(f"Diagnostic-Code: smtp; {entry.reply.code} {entry.reply.status} {entry.reply.text}")
        lines.append(f"Last-Attempt-Date: {format_datetime(now.astimezone(JST))}")
        if retry_until is not None:
            lines.append(f"Will-Retry-Until: {format_datetime(retry_until.astimezone(JST))}")
    if not smtputf8:  # RFC 3464 2.1: this type is 7-bit; a server's words may be anything
        lines = [line.encode("ascii", "replace").decode() for line in lines]
    return [*lines, ""]


def _from_xtext(text: str) -> str:
    """What was written as xtext (RFC 3461 4): reports hold it in clear. Nothing in it may begin a new line."""
    return printable(_XCHAR.sub(lambda match: chr(int(match[1], 16)), text))


def _encoded_word(text: str) -> str:
    return Header(text, "utf-8", header_name="Subject", maxlinelen=76).encode(linesep="\r\n")
