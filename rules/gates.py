"""Facts about a mail that end the judging before a word is read: such a mail passes, always.

The one exception is more than one external recipient: it passes too, unless the words say rejection; then a
person is asked (decisions.md 4). Each gate is one small function; `closed` asks them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rules.mail import Mail
from rules.model import Reason

MANY_RECIPIENTS = "many_recipients"
_BULK = frozenset({"bulk", "list", "junk"})

#: (mail, addresses of agencies and clients) -> what was found, empty when the gate is open
Gate = Callable[[Mail, tuple[str, ...]], str]


def protected(mail: Mail, _book: tuple[str, ...]) -> str:
    """Signed, encrypted, calendar, report and the like: a changed byte would break it."""
    return mail.protected


def already_processed(mail: Mail, _book: tuple[str, ...]) -> str:
    """Our trace or one of our links is in it: one link a mail, no loop."""
    return "trace or link" if mail.already_processed else ""


def auto_replied(mail: Mail, _book: tuple[str, ...]) -> str:
    """RFC 3834 5: an automatic answer. `auto-generated` is what an ATS sends and is judged."""
    values = mail.headers.get("auto-submitted", ())
    return next((value for value in values if value.strip().lower().startswith("auto-replied")), "")


def bulk(mail: Mail, _book: tuple[str, ...]) -> str:
    """Newsletters and lists: RFC 2369, RFC 2919, Precedence."""
    for name in ("list-unsubscribe", "list-id", "list-post"):
        if name in mail.headers:
            return name
    return next((v for v in mail.headers.get("precedence", ()) if v.strip().lower() in _BULK), "")


def only_internal(mail: Mail, _book: tuple[str, ...]) -> str:
    """Nobody outside the company gets it."""
    return "" if external(mail) else "no external recipient"


def address_book(mail: Mail, book: tuple[str, ...]) -> str:
    """An agency, a client or staff by the company's own list: not an applicant."""
    return next((address for address in external(mail) if matches(address, book)), "") if book else ""


def many_recipients(mail: Mail, _book: tuple[str, ...]) -> str:
    """A personal link goes to one person; names no address, only the count."""
    if len(mail.recipients) < 2:
        return ""
    count = len({address.lower() for address in external(mail)})
    return f"{count} external recipients" if count > 1 else ""


GATES: tuple[Gate, ...] = (
    protected,
    already_processed,
    auto_replied,
    bulk,
    only_internal,
    address_book,
    many_recipients,
)


def closed(mail: Mail, book: tuple[str, ...] = ()) -> Reason | None:
    """Return the first gate that keeps ``mail`` from being edited; None when all are open."""
    for gate in GATES:
        found = gate(mail, book)
        if found:
            return Reason("gate", gate.__name__, detail=found)
    return None


def external(mail: Mail) -> tuple[str, ...]:
    """Return the envelope recipients outside the company's own domains."""
    return tuple([address for address in mail.recipients if not _is_own(address, mail.own_domains)])


def matches(address: str, entries: Iterable[str]) -> bool:
    """Tell whether an address is among ``entries``: whole addresses, ``@domain`` or ``.domain`` (sub-domains)."""
    lower = address.lower()
    domain = lower.rpartition("@")[2]
    for entry in entries:
        want = entry.lower()
        if want.startswith("@"):
            if domain == want[1:]:
                return True
        elif want.startswith("."):
            if domain.endswith(want):
                return True
        elif lower == want:
            return True
    return False


def _is_own(address: str, own_domains: frozenset[str]) -> bool:
    domain = address.lower().rpartition("@")[2]
    if domain in own_domains:
        return True
    return any(domain.endswith(own.lower()) if own.startswith(".") else domain == own.lower() for own in own_domains)
