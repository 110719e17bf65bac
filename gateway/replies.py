"""Every reply of the SMTP listener, and the one table from errors to replies.

A reply is for a stranger: no host names, paths, rule names or exception text in it; those go to the log.
Each 2xx, 4xx and 5xx carries an enhanced status code (RFC 2034 4, RFC 3463), except the answers to
greeting, EHLO and DATA's 354, where RFC 2034 4 forbids or does not know one.
"""

import errno
from functools import lru_cache

from core.errors import CareerRelayError, Permanent, Temporary

# 2xx and 3xx
HELLO = "250 {hostname}"
OK = "250 2.0.0 ok"
SENDER_OK = "250 2.1.0 sender ok"
RECIPIENT_OK = "250 2.1.5 recipient ok"
QUEUED = "250 2.0.0 queued as {queue_id}"
GO_AHEAD = "354 end data with <CR><LF>.<CR><LF>"
READY_FOR_TLS = "220 2.0.0 ready to start TLS"
BYE = "221 2.0.0 bye"
AUTHENTICATED = "235 2.7.0 authentication successful"
CHALLENGE = "334 {text}"
NOT_VERIFIED = "252 2.1.5 cannot verify, but will take mail for this user"
HELP = "214 2.0.0 see RFC 5321"

# 421: always before the server closes by itself (RFC 5321 3.8)
TIMED_OUT = "421 4.4.2 timeout waiting for the client"
SHUTTING_DOWN = "421 4.3.2 service is shutting down, try again"
TOO_MANY_CONNECTIONS = "421 4.7.0 too many connections, try again later"
TOO_MANY_ERRORS = "421 4.7.0 too many errors"
NOT_HTTP = "421 4.7.0 this is SMTP, not HTTP"
NO_PROXY_HEADER = "421 4.7.0 PROXY header missing or malformed"
INTERNAL_IN_DATA = "421 4.3.0 internal error, try again later"
CHUNK_LOST = "421 4.5.1 BDAT is not offered and its length cannot be read"

# 4xx
TRY_LATER = "451 4.3.0 try again later"
INTERNAL = "451 4.3.0 internal error, try again later"
NO_SPACE = "452 4.3.1 not enough storage, try again later"
TOO_MANY_RECIPIENTS = "452 4.5.3 too many recipients"
AUTH_LATER = "454 4.7.0 temporary authentication failure"

# 5xx
LINE_TOO_LONG = "500 5.5.2 command line too long"
BAD_LINE = "500 5.5.2 end commands with CRLF; bare CR, bare LF and NUL are refused"
NOT_UNDERSTOOD = "500 5.5.2 command not recognised"
SYNTAX = "501 5.5.4 syntax error in parameters"
BAD_ADDRESS = "501 5.1.3 bad address syntax"
BAD_SENDER = "501 5.1.7 bad sender address syntax"
ADDRESS_TOO_LONG = "501 5.1.3 address is longer than 320 octets"
NEEDS_SMTPUTF8 = "553 5.6.7 a non-ASCII address needs SMTPUTF8"
NOT_IMPLEMENTED = "502 5.5.1 command not implemented"
HELLO_FIRST = "503 5.5.1 send EHLO first"
NO_CHUNKS = "503 5.5.1 BDAT is not offered, use DATA"
MAIL_FIRST = "503 5.5.1 send MAIL first"
RCPT_FIRST = "503 5.5.1 no valid recipients"
NESTED_MAIL = "503 5.5.1 MAIL was already given"
ALREADY_TLS = "503 5.5.1 TLS is already active"
ALREADY_AUTHENTICATED = "503 5.5.1 already authenticated"
AUTH_IN_MAIL = "503 5.5.1 AUTH is not allowed during a mail transaction"
AUTH_MECHANISM = "504 5.5.4 unknown authentication mechanism"
AUTH_CANCELLED = "501 5.7.0 authentication cancelled"
AUTH_SYNTAX = "501 5.5.2 cannot decode the response"
AUTH_LINE_TOO_LONG = "500 5.5.6 authentication exchange line is too long"
AUTH_NEEDS_TLS = "538 5.7.11 encryption is required for authentication"
AUTH_REFUSED = "535 5.7.8 authentication credentials invalid"
NO_RELAY = "550 5.7.1 relaying denied"
FOREIGN_SENDER = "550 5.7.1 sender is not of this company"
MALFORMED = "550 5.6.0 bare CR, bare LF or NUL in the message is refused"
TEXT_LINE_TOO_LONG = "550 5.6.0 a line of the message is too long"
LOOP = "554 5.4.6 too many hops"
NO_BINARY = "501 5.5.4 BODY is 7BIT or 8BITMIME"
TOO_LARGE = "552 5.3.4 message too large"
UNKNOWN_PARAMETER = "555 5.5.4 parameter not recognised"

EXTENSIONS = ("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")

NO_SPACE_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@lru_cache(maxsize=16)
def hello(hostname: str, size_bytes_max: int, *, starttls: bool, auth: bool) -> str:
    """The lines of the answer to EHLO (RFC 5321 4.1.1.1)."""
    lines = [hostname, "PIPELINING", f"SIZE {size_bytes_max}", *EXTENSIONS]
    if starttls:
        lines.append("STARTTLS")
    if auth:
        lines.append("AUTH PLAIN LOGIN")
    return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])


class Refusal(Permanent):
    """A refusal with its own reply, for what the table below would say too vaguely."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class Deferral(Temporary):
    """The same for "try again later"."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


def smtp_reply(error: BaseException) -> str:
    """The reply to ``error``. Unknown means our own bug, so the sender keeps its mail (RFC 5321 4.2.5)."""
    match error:
        case Refusal() | Deferral():
            return error.reply
        case Temporary():
            return TRY_LATER
        case Permanent():
            return "554 5.6.0 message refused"
        case OSError() if error.errno in NO_SPACE_ERRNOS:
            return NO_SPACE
        case _:
            return INTERNAL


def is_expected(error: BaseException) -> bool:
    """Is it one of our own words, which needs no stack trace in the log?"""
    return isinstance(error, CareerRelayError | OSError)
