"""Whole invented letters: read from `letters/*.txt`, dressed as mail programmes send them, with an ATS that errs."""

from __future__ import annotations

import base64
import quopri
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import Header
from pathlib import Path

from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals
from tests.rules.eml import mail_of

LETTERS = Path(__file__).parent / "letters"
SENDER = "saiyo@example.co.jp"
RECIPIENT = "applicant@example.com"
_BOX = """

━━━━━━━━━━━━━━━━━━━━
株式会社例 人事部 今井
〒100-0000 東京都千代田区例町0-0-0
Mail: saiyo@example.co.jp
━━━━━━━━━━━━━━━━━━━━
"""
_STARS = """

***************
 例商会 (総務)
 TEL 03-0000-0000
***************

※本メールは宛先の方のみに宛てたものです。誤って受信された場合は、破棄していただきますようお願いいたします。
"""
_SIGNATURES = (
    "",
    _BOX,
    "\n\n-- \n株式会社例 採用担当\nhttps://www.example.co.jp/recruit/\n★新卒・中途採用 強化中!\n",
    _STARS,
)
_SIGNATURES_EN = (
    "",
    "\n\nKind regards,\nJane Doe\nTalent Acquisition | Example Ltd\n",
    "\n\n--\nExample Group\nWe are an equal opportunity employer. Privacy notice: https://www.example.com/privacy\n",
    "\n\nBest,\nThe Example team\n\nThis message is confidential. Not the intended recipient? Please delete it.\n",
)
_CHARSETS = (
    "utf-8",
    "iso-2022-jp",
    "shift_jis",
    "utf-8",
    "euc-jp",
    "utf-8",
    "iso-2022-jp",
    "cp932",
    "utf-8",
    "undeclared",
)
#: Without a label UTF-8 is certain, Shift_JIS is not.
_UNDECLARED = ("utf-8", "cp932")
#: What an ATS that is right says about a mail of this kind; anything else is nobody's application.
_STATUS = {
    "offer": "offered", "offerdecline": "withdrawn", "passing": "in_process", "invite": "in_process",
    "receipt": "in_process", "withdraw": "withdrawn", "reminder": "in_process", "correction": "in_process",
    "reference": "in_process", "data": "in_process", "cond": "in_process", "conditional": "hired",
    "revoked": "on_hold", "both": "on_hold", "otherpost": "rejected", "waiting": "on_hold", "hold": "on_hold",
    "unfilled": "rejected", "mypage": "rejected", "attachment": "rejected", "portal": "in_process",
    "phone": "in_process", "mixed": "in_process",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: ``label`` is rejection, other or unsure; ``number`` counts within its file."""

    label: str
    kind: str
    subject: str
    to: str
    text: str
    file: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.file}-{self.number}-{self.kind}"

    @property
    def _turn(self) -> int:
        return zlib.crc32(self.text.encode())

    @property
    def dressed(self) -> str:
        """The text with a signature, in every fourth letter without."""
        signatures = _SIGNATURES_EN if self.text.isascii() else _SIGNATURES
        return self.text + signatures[self._turn // 7 % 4]

    def mail(self) -> Mail:
        """The letter as the rules see it."""
        return replace(mail_of(self.dressed, self.subject, to=RECIPIENT), display_names=(self.to,))

    def signals(self) -> Signals:
        """What the ATS says: nothing about every tenth letter, something wrong about every twentieth."""
        turn = self._turn // 31 % 100
        right = "rejected" if self.label == "rejection" else _STATUS.get(self.kind, "")
        if turn < 10:
            return Signals()
        if turn < 15:
            right = "in_process" if right == "rejected" else "rejected"
        return Signals(AtsAnswer(AtsStatus(right), float(turn % 6))) if right else Signals()

    def octets(self) -> bytes:
        """The letter as a mail: charset, transfer encoding and parts change from letter to letter."""
        charset = _CHARSETS[self._turn % len(_CHARSETS)]
        text = self.dressed
        written = _UNDECLARED[self._turn // 10 % 2] if charset == "undeclared" else charset
        try:
            plain = text.encode(written)
        except UnicodeEncodeError:
            written = "utf-8"
            charset, plain = "utf-8", text.encode()
        shape = self._turn // 11 % 4
        body = _body(plain, charset, "plain", self._turn // 13 % 3)
        if shape >= 2:
            rows = (f"<p>{row}</p>" if row else "<br>" for row in text.split("\n"))
            marked = f"<html><body>{''.join(rows)}</body></html>".encode(written)
            shown = _body(marked, charset, "html", 0)
            parts = b"--b0\r\n" + body + b"\r\n--b0\r\n" + shown + b"\r\n--b0--\r\n"
            body = shown if shape == 3 else b'Content-Type: multipart/alternative; boundary="b0"\r\n\r\n' + parts
        fields = (
            f"From: =?utf-8?b?{base64.b64encode('採用担当'.encode()).decode()}?= <{SENDER}>",
            f"To: {Header(self.to, 'utf-8', maxlinelen=70).encode(linesep=chr(13) + chr(10))} <{RECIPIENT}>",
            f"Subject: {Header(self.subject, 'utf-8', maxlinelen=70).encode(linesep=chr(13) + chr(10))}",
            "MIME-Version: 1.0",
        )
        return "\r\n".join(fields).encode() + b"\r\n" + body


def _body(octets: bytes, charset: str, subtype: str, how: int) -> bytes:
    kind = f"Content-Type: text/{subtype}" + ("" if charset == "undeclared" else f"; charset={charset}")
    lines = octets.replace(b"\n", b"\r\n")
    if how == 1 or charset == "iso-2022-jp":
        return (
            f"{kind}\r\nContent-Transfer-Encoding: {'7bit' if charset == 'iso-2022-jp' else '8bit'}\r\n\r\n".encode()
            + lines
        )
    if how == 2:
        return f"{kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode() + quopri.encodestring(
            octets
        ).replace(b"\n", b"\r\n")
    return f"{kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + base64.encodebytes(lines).replace(
        b"\n", b"\r\n"
    )


def letters(prefix: str = "") -> Iterator[Letter]:
    """Yield the letters of every file whose name begins with ``prefix``."""
    for path in sorted(LETTERS.glob(f"{prefix}*.txt")):
        for number, block in enumerate(path.read_text(encoding="utf-8").split("=== ")[1:], 1):
            head, _, text = block.partition("\n")
            what, subject, to = (part.strip() for part in head.split("|"))
            label, kind = what.split()
            yield Letter(label, kind, subject, to, text.strip("\n"), path.stem, number)
