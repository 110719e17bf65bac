"""What the next hop said about a recipient, or what we say in its place when it says nothing. Pure."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?= |\Z)")
TEXT_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """``status`` is the enhanced code (RFC 3463) or empty; ``ours``: no server said this.

    ``uncertain``: the next hop may have taken the mail, its answer was lost (RFC 1047).
    ``dsn``: the next hop takes over the sender's wishes for delivery reports (RFC 3461 5.2). ``wait_s``: when to try
    again, where that is not for the schedule to say.
    """

    code: int
    status: str
    text: str
    ours: bool = False
    uncertain: bool = False
    dsn: bool = False
    wait_s: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        return 500 <= self.code < 600

    @property
    def status_or_default(self) -> str:
        """An enhanced code for reports, made from the plain one when the server gave none (RFC 3464 2.3.4)."""
        if self.status:
            return self.status
        return f"{self.code // 100}.0.0" if self.code // 100 in (2, 4, 5) else "4.0.0"

    def with_dsn(self, dsn: bool) -> "Reply":
        return self if self.dsn is dsn else replace(self, dsn=dsn)


def read_reply(lines: list[bytes]) -> Reply:
    """Make a reply of its lines, each "250-text" or "250 text"; raises ValueError when the server speaks no SMTP."""
    return _read_line(lines[0]) if len(lines) == 1 else _read(lines)


def _read(lines: list[bytes]) -> Reply:
    code = int(lines[-1][:3])
    if not 200 <= code < 600:
        raise ValueError(code)
    texts = [line[4:].strip().decode("utf-8", "replace") for line in lines]
    match = _STATUS.match(texts[0])
    status = match[0] if match and match[1] == str(code)[0] else ""
    text = " ".join(text.removeprefix(status).strip() if status else text for text in texts)
    return Reply(code, status, printable(text))


@lru_cache(maxsize=64)
def _read_line(line: bytes) -> Reply:
    # A server says the same about every mail, but for the name it gives it.
    return _read([line])


def printable(text: str) -> str:
    """One line without control characters, cut: it goes into reports and the console."""
    if text.isprintable():
        return text[:TEXT_CHARS_MAX].strip()
    return "".join(char if char.isprintable() else " " for char in text)[:TEXT_CHARS_MAX].strip()


def ours(code: int, status: str, text: str, *, uncertain: bool = False) -> Reply:
    return Reply(code, status, text, ours=True, uncertain=uncertain)


def refused_us(reply: Reply) -> Reply:
    """What a server says against us as a whole must not bounce mail: the operator can still mend it.

    421 stays as it is, everything else becomes ours with the server's words in it.
    """
    if reply.ours or reply.code == 421:
        return reply
    return ours(451, "4.4.0", f"the next hop refused us: {reply.code} {reply.status} {reply.text}")


def tls_failed(reason: str) -> Reply:
    return ours(451, "4.7.5", f"TLS with the next hop failed: {printable(reason)}")


def resting(reason: Reply) -> Reply:
    """No attempt is made at a next hop that is down; ``reason``: what was last heard from it."""
    return ours(451, "4.4.1", f"the next hop is down and will be tried again: {reason.text}"[:TEXT_CHARS_MAX])


def throttled(wait_s: float) -> Reply:
    return replace(ours(451, "4.4.5", "as many mails a minute as the next hop may have"), wait_s=wait_s)


#: Enhanced codes of replies that speak of the next hop as a whole: when it is back, those mails need not wait longer.
#: 4.4.2 is not among them: after a lost answer the pause of the schedule is meant.
HOP_STATUSES = ("4.3.5", "4.4.0", "4.4.1", "4.7.4", "4.7.5")
HOP_CODE = 421

TOO_LARGE = ours(552, "5.3.4", "the next hop does not take a message of this size")
NEEDS_8BIT = ours(554, "5.6.3", "the next hop does not take 8-bit content, and it is not converted")
NEEDS_SMTPUTF8 = ours(553, "5.6.7", "the next hop does not take non-ASCII addresses or header fields")
DROPPED = ours(451, "4.4.2", "the next hop closed the connection")
SILENT = ours(451, "4.4.2", "the next hop stopped answering")
NOT_SMTP = ours(451, "4.5.0", "the next hop answered with something that is no SMTP reply")
DROPPED_AFTER_DOT = ours(451, "4.4.2", "the next hop did not answer the end of the message", uncertain=True)
NO_ANSWER = ours(451, "4.4.1", "the next hop does not answer")
NOT_SMTP_GREETING = ours(451, "4.4.1", "what answers at the next hop's address does not speak SMTP")
NO_STARTTLS = ours(451, "4.7.4", "the next hop does not offer STARTTLS")
NO_AUTH = ours(451, "4.7.4", "the next hop offers neither AUTH PLAIN nor AUTH LOGIN")
NO_GO_AHEAD = ours(451, "4.5.0", "the next hop answered DATA with neither a go-ahead nor a refusal")
MISCONFIGURED = ours(451, "4.3.5", "what this company shows to its next hop cannot be used")
INTERNAL = ours(451, "4.3.0", "internal error")
