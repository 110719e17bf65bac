"""Mail that is never edited, whatever the rules say: its meaning lies in its exact bytes, or a machine wrote it."""

import re

from gateway.letter.doubt import Doubt
from gateway.letter.parse import Parsed, Part

# Signatures cover exact octets (RFC 1847 2.1, RFC 3156, RFC 8551); reports are read by machines (RFC 3464, RFC 8098);
# iTIP replies to the text (RFC 6047); a fragment is no whole mail (RFC 2046 5.2.2).
_BY_KIND = {
    "multipart/signed": "signed",
    "application/pkcs7-signature": "signed",
    "application/x-pkcs7-signature": "signed",
    "application/pgp-signature": "signed",
    "application/pgp": "signed",
    "multipart/encrypted": "encrypted",
    "application/pgp-encrypted": "encrypted",
    "application/pkcs7-mime": "encrypted",
    "application/x-pkcs7-mime": "encrypted",
    "application/ms-tnef": "tnef",
    "application/vnd.ms-tnef": "tnef",
    "text/calendar": "calendar",
    "multipart/report": "report",
    "message/delivery-status": "report",
    "message/disposition-notification": "report",
    "message/feedback-report": "report",
    "message/partial": "partial",
    "message/external-body": "partial",
    "application/x-microsoft-rpmsg-message": "rights-managed",
}
# The same under the label of a plain file, as some gateways leave it.
_BY_FILE_NAME = {
    "smime.p7m": "encrypted",
    "smime.p7s": "signed",
    "winmail.dat": "tnef",
    "message.rpmsg": "rights-managed",
}
_INLINE_PGP = re.compile(r"^-----BEGIN PGP (SIGNED )?MESSAGE-----", re.MULTILINE)
_PGP_IN_HTML = re.compile(r"(?:^|>|&nbsp;)\s{0,80}+-----BEGIN PGP (SIGNED )?MESSAGE-----", re.MULTILINE)
_LIST_FIELDS = frozenset(
    {
        *(b"list-id", b"list-post", b"list-help", b"list-unsubscribe", b"list-subscribe", b"list-owner"),
        *(b"list-archive", b"list-unsubscribe-post"),
    }
)
_BULK = frozenset({b"bulk", b"list", b"junk"})


def protection(parsed: Parsed) -> str:
    """Return ``signed encrypted calendar report tnef partial rights-managed``, or "" for a mail that may be edited.

    Looks at every depth, but not into forwarded mail (message/rfc822): nothing is written there anyway.
    """
    for part in parsed.parts:
        found = _BY_KIND.get(part.kind) or _by_name(part)
        if found:
            return found
    return ""


def _by_name(part: Part) -> str:
    return _BY_FILE_NAME.get(part.file_name.lower(), "") if part.disposition.head or part.type.params else ""


def inline_protection(text: str) -> str:
    """Return ``signed`` or ``encrypted`` when the text holds a PGP message of its own (RFC 9580 6.2, 7), else ""."""
    found = _INLINE_PGP.search(text) if "-----BEGIN PGP " in text else None
    return "" if found is None else "signed" if found[1] else "encrypted"


def refuse_inline_protection(text: str, *, html: bool) -> None:
    """Raise Doubt when a text part holds a PGP message of its own.

    In HTML it need not begin a line of the source: some programmes wrap such text in tags.
    """
    found = inline_protection(text)
    if not found and html and "-----BEGIN PGP " in text:
        within = _PGP_IN_HTML.search(text)
        found = "" if within is None else "signed" if within[1] else "encrypted"
    if found:
        raise Doubt(f"protected: {found}")


def refuse_protected(parsed: Parsed) -> None:
    """Raise Doubt for protected mail, automatic replies (RFC 3834 5), list and bulk mail (RFC 2369, RFC 2919)."""
    found = protection(parsed)
    if found:
        raise Doubt(f"protected: {found}")
    for field in parsed.root.fields:
        if field.name in _LIST_FIELDS:
            raise Doubt("protected: list mail")
        if field.name == b"auto-submitted" and _word(parsed, field.value, field.end).startswith(b"auto-replied"):
            raise Doubt("protected: automatic reply")
        if field.name == b"precedence" and _word(parsed, field.value, field.end) in _BULK:
            raise Doubt("protected: bulk mail")


def _word(parsed: Parsed, start: int, end: int) -> bytes:
    return parsed.raw[start:end].strip().lower()


def refuse_foreign_signature(parsed: Parsed, editable_domains: frozenset[str]) -> None:
    """Raise Doubt when an edit would break a DKIM signature (RFC 6376 3.7) that is not ours to renew.

    ``editable_domains``: signing domains whose signatures may break; ``.example.jp`` stands for every sub-domain, ``*``
    for all.
    """
    if "*" in editable_domains:
        return
    for domain in dkim_domains(parsed):
        if not any(domain == own or (own[:1] == "." and domain.endswith(own)) for own in editable_domains):
            raise Doubt(f"signed by {domain or 'an unreadable DKIM signature'} (DKIM)")


_DKIM_DOMAIN = re.compile(rb"(?:^|;)\s*d\s*=\s*([^\s;]+)")


def dkim_domains(parsed: Parsed) -> tuple[str, ...]:
    """Return the ``d=`` domain, lower-case, of each DKIM-Signature; "" where it cannot be read."""
    domains = []
    for value in parsed.values(b"dkim-signature"):
        found = _DKIM_DOMAIN.search(value)
        domains.append(found[1].decode("latin-1").lower() if found else "")
    return tuple(domains)
