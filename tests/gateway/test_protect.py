"""Mail that is never edited, at any depth, whatever the label says."""

import pytest

from gateway.letter.parse import parse
from gateway.letter.protect import inline_protection, protection
from gateway.letter.rewrite import Untouched, rewrite
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS, PDF, TOP, mail, multipart, part

LETTER = part(mails.TEXT_JA, "utf-8", "8bit")


def attachment(kind: str, name: str = "") -> bytes:
    more = f'; name="{name}"' if name else ""
    return f"Content-Type: {kind}{more}\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n".encode()


SIGNED = multipart("signed", LETTER, attachment("application/pkcs7-signature", "smime.p7s"))
PROTECTED = [
    ("signed", SIGNED),
    ("signed", multipart("signed", LETTER, attachment("application/pgp-signature", "signature.asc"))),
    (
        "encrypted",
        multipart("encrypted", attachment("application/pgp-encrypted"), attachment("application/octet-stream")),
    ),
    ("encrypted", attachment("application/pkcs7-mime; smime-type=enveloped-data", "smime.p7m")),
    ("encrypted", attachment("application/x-pkcs7-mime")),
    ("encrypted", multipart("mixed", LETTER, attachment("application/octet-stream", "smime.p7m"))),
    ("tnef", multipart("mixed", LETTER, attachment("application/ms-tnef"))),
    ("tnef", multipart("mixed", LETTER, attachment("application/octet-stream", "winmail.dat"))),
    ("calendar", multipart("alternative", LETTER, part("BEGIN:VCALENDAR\r\n", "utf-8", "8bit", "calendar"))),
    ("report", multipart("report", LETTER, attachment("message/delivery-status"))),
    ("report", multipart("mixed", LETTER, attachment("message/disposition-notification"))),
    ("partial", b'Content-Type: message/partial; id="x"; number=1\r\n\r\n' + LETTER),
    (
        "rights-managed",
        multipart("mixed", LETTER, attachment("application/x-microsoft-rpmsg-message", "message.rpmsg")),
    ),
]


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize(("kind", "body"), PROTECTED, ids=[f"{i}-{p[0]}" for i, p in enumerate(PROTECTED)])
def test_protected_mail_stays_to_the_octet(kind: str, body: bytes, depth: int) -> None:
    for level in range(depth):
        body = multipart("mixed", LETTER, body, PDF, boundary=f"outer{level}")
    raw = mail(body)
    assert protection(parse(raw, LIMITS)) == kind
    assert rewrite(raw, JA, LIMITS) == Untouched(f"protected: {kind}")


@pytest.mark.parametrize(
    ("kind", "line"),
    [("signed", "-----BEGIN PGP SIGNED MESSAGE-----"), ("encrypted", "-----BEGIN PGP MESSAGE-----")],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_inline_pgp_is_found_through_any_encoding(kind: str, line: str, encoding: str) -> None:
    raw = mail(part(f"intro\r\n{line}\r\n\r\nabc\r\n", "utf-8", encoding))
    assert rewrite(raw, JA, LIMITS) == Untouched(f"protected: {kind}")
    assert inline_protection(f"> {line}") == ""


def test_a_forwarded_signed_mail_does_not_protect_the_letter_around_it() -> None:
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + TOP + SIGNED
    raw = mail(multipart("mixed", LETTER, forwarded, boundary="outer"))
    assert forwarded in mails.edited(raw)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (b"Auto-Submitted: auto-replied", "protected: automatic reply"),
        (b"Auto-Submitted: Auto-Replied (vacation)", "protected: automatic reply"),
        (b"List-Unsubscribe: <mailto:x@example.org>", "protected: list mail"),
        (b"List-Id: <l.example.org>", "protected: list mail"),
        (b"Precedence: bulk", "protected: bulk mail"),
        (b"Precedence:\r\n\tlist", "protected: bulk mail"),
    ],
)
def test_machines_mail_stays(field: bytes, reason: str) -> None:
    assert rewrite(field + b"\r\n" + mail(LETTER), JA, LIMITS) == Untouched(reason)


@pytest.mark.parametrize("field", [b"Auto-Submitted: auto-generated", b"Precedence: first-class", b"X-List-Id: x"])
def test_what_an_applicant_tracking_system_sends_is_edited(field: bytes) -> None:
    mails.edited(field + b"\r\n" + mail(LETTER))
