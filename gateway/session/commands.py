"""The arguments of MAIL and RCPT: a path and its parameters. Pure.

Paths are taken as old Japanese mobile addresses write them (``taro..y@docomo.example``, ``taro.@ezweb.example``): the
next hop knows better than a grammar which mailbox exists. Parameters keep their spelling: ENVID and ORCPT are for
somebody else's eyes (RFC 3461 4.2, 4.4).
"""

import re
from dataclasses import dataclass

from gateway import replies
from gateway.replies import Refusal

#: 64 octets before the @ and 255 behind it (RFC 5321 4.5.3.1.1, 4.5.3.1.2).
ADDRESS_BYTES_MAX = 320
ENVID_CHARS_MAX = 100
ORCPT_CHARS_MAX = 500

# A quoted local part may hold blanks and angle brackets. A source route before the address is read and
# ignored (RFC 5321 appendix C).
_PATH = re.compile(
    r"""\s*<(?:@[^<>:"\s]+:)?(?P<path>(?>(?:"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"|[^<>"\\\s\x00-\x1f\x7f]++)*))>"""
)
_BARE = re.compile(r"""\s*(?P<path>[^<>"\s\x00-\x1f\x7f]+)""")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=\s\x00-\x1f\x7f]+))?\Z")
_NOTIFY = re.compile(r"(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})\Z", re.IGNORECASE)
# xtext (RFC 3461 4): printable ASCII but "+" and "=", which stand as "+" and two hexadecimal digits. Lower-case digits
# are no xtext, but are sent, and taken elsewhere.
_XTEXT = r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})"
_ENVID = re.compile(_XTEXT + r"+\Z")
_AUTH = re.compile(rf"(?:<>|{_XTEXT}+)\Z")
_ORCPT = re.compile(rf"[A-Za-z0-9-]+;{_XTEXT}+\Z")
# An internationalised address has a type of its own, in which UTF-8 may stand as it is (RFC 6533 3).
_ORCPT_UTF8 = re.compile(r"utf-8;(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2}|[^\x00-\x7f])+\Z", re.IGNORECASE)

_UNDECODED = re.compile("[\ud800-\udfff]")  # octets that are not UTF-8, as surrogateescape spells them

_KEPT_OF_MAIL = ("BODY", "SMTPUTF8", "RET", "ENVID")


@dataclass(frozen=True, slots=True)
class MailCommand:
    """``size_bytes`` is the client's own estimate, 0 without one (RFC 1870 5)."""

    sender: str
    params: dict[str, str]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RcptCommand:
    address: str
    params: dict[str, str]


def parse_mail(argument: str) -> MailCommand:
    """Read what follows ``MAIL``.

    Raises:
        Refusal: with the reply for the client.
    """
    sender, given = _parse(argument, "FROM:", bad=replies.BAD_SENDER)
    for name, value in given.items():
        _check_mail_parameter(name, value)
    if not sender.isascii() and "SMTPUTF8" not in given:
        raise Refusal(replies.NEEDS_SMTPUTF8)
    kept = {name: given[name] for name in _KEPT_OF_MAIL if name in given}
    return MailCommand(sender, kept, int(given.get("SIZE", "0")))


def parse_rcpt(argument: str, *, smtputf8: bool) -> RcptCommand:
    """Read what follows ``RCPT``; raises Refusal as `parse_mail` does."""
    address, given = _parse(argument, "TO:", bad=replies.BAD_ADDRESS)
    if not address:
        raise Refusal(replies.BAD_ADDRESS)
    if not address.isascii() and not smtputf8:
        raise Refusal(replies.NEEDS_SMTPUTF8)
    for name, value in given.items():
        _check_rcpt_parameter(name, value, smtputf8=smtputf8)
    return RcptCommand(address, given)


def _parse(argument: str, keyword: str, *, bad: str) -> tuple[str, dict[str, str]]:
    if argument[: len(keyword)].upper() != keyword:
        raise Refusal(replies.SYNTAX)
    if not argument.isascii() and _UNDECODED.search(argument):
        raise Refusal(bad)
    text = argument[len(keyword) :]
    match = _PATH.match(text) or _BARE.match(text)
    if match is None:
        raise Refusal(bad)
    rest = text[match.end() :]
    if rest and not rest[0].isspace():
        raise Refusal(bad)
    path = match["path"]
    if len(path.encode()) > ADDRESS_BYTES_MAX:
        raise Refusal(replies.ADDRESS_TOO_LONG)
    local, at, domain = path.rpartition("@")
    if path and not (at and local and domain) and path.lower() != "postmaster":
        raise Refusal(bad)  # RFC 5321 4.5.1: only postmaster may stand without a domain
    return path, _parameters(rest) if rest else {}


def _parameters(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for word in text.split():
        match = _PARAMETER.match(word)
        if match is None:
            raise Refusal(replies.SYNTAX)
        name = match[1].upper()
        if name in given:
            raise Refusal(replies.SYNTAX)
        given[name] = match[2] or ""
    return given


def _check_mail_parameter(name: str, value: str) -> None:
    match name:
        case "SIZE":
            good = value.isascii() and value.isdigit() and len(value) <= 20
        case "BODY":
            if value.upper() not in ("7BIT", "8BITMIME"):
                raise Refusal(replies.NO_BINARY)
            good = True
        case "SMTPUTF8":
            good = not value
        case "RET":
            good = value.upper() in ("FULL", "HDRS")
        case "ENVID":
            good = len(value) <= ENVID_CHARS_MAX and _ENVID.match(value) is not None
        case "AUTH":
            good = _AUTH.match(value) is not None
        case _:
            raise Refusal(replies.UNKNOWN_PARAMETER)
    if not good:
        raise Refusal(replies.SYNTAX)


def _check_rcpt_parameter(name: str, value: str, *, smtputf8: bool) -> None:
    match name:
        case "NOTIFY":
            good = _NOTIFY.match(value) is not None
        case "ORCPT":
            pattern = _ORCPT if value.isascii() or not smtputf8 else _ORCPT_UTF8
            good = len(value) <= ORCPT_CHARS_MAX and pattern.match(value) is not None
        case _:
            raise Refusal(replies.UNKNOWN_PARAMETER)
    if not good:
        raise Refusal(replies.SYNTAX)
