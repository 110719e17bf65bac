"""Tries the next hop step by step, for a person who sets it up: connect, TLS, sign-in, extensions; mail when asked.

What is missing is said in plain words, and a certificate is shown also when it does not verify. A password is never
sent to a server that could not be verified.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from cryptography import x509

from core.endpoints import NextHop, Security
from core.errors import ConfigError
from core.settings import Settings
from core.tokens import new_token
from crm.registry.hop_identity import HopIdentity
from gateway.delivery.dial import tls_context


@dataclass(frozen=True, slots=True)
class Step:
    """``ok`` False: mail cannot leave this way. ``notes``: what is missing, or worth knowing."""

    step: str
    ok: bool
    detail: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestMail:
    sender: str
    recipient: str


@dataclass
class _Report:
    steps: list[Step] = field(default_factory=list)

    def done(self, name: str, detail: str, *notes: str) -> None:
        self.steps.append(Step(name, True, detail, notes))

    def failed(self, name: str, error: Exception) -> None:
        self.steps.append(Step(name, False, _words(error)))


_MISSING = {
    "8BITMIME": "8-bit mail is sent as it is (RELAY__ASSUME_8BIT), or returned with 5.6.3 where that is off",
    "SMTPUTF8": "mail with non-ASCII addresses is returned to its sender with 5.6.7",
    "DSN": "delivery reports that a sender asks for end here: we report 'relayed'",
    "PIPELINING": "each recipient costs a round trip; mail leaves more slowly",
    "SIZE": "a mail that is too large is refused only after it was sent",
}


def probe(settings: Settings, next_hop: str) -> list[tuple[str, bool, str]]:
    """(step, ok, what the server said) in order, without any company's certificate; a failure comes last."""
    return [(each.step, each.ok, each.detail) for each in examine(settings, NextHop.parse(next_hop), HopIdentity())]


def examine(settings: Settings, hop: NextHop, identity: HopIdentity, mail: TestMail | None = None) -> list[Step]:
    """The steps in order, as who we are to this hop. After a failure only the server's certificate may follow."""
    report = _Report()
    step = "connect"
    try:
        context = tls_context(settings, identity) if hop.security is not Security.PLAIN else None
        with _connected(hop, settings, context) as client:
            report.done(step, f"{hop.host}:{hop.port} greets, {hop.security}")
            step = "greeting"
            client.ehlo_or_helo_if_needed()
            if context is not None:
                step = "STARTTLS" if hop.security is Security.STARTTLS else "TLS"
                if hop.security is Security.STARTTLS:
                    client.starttls(context=context)
                    client.ehlo()
                report.done(step, *_tls_words(client, settings, identity))
            report.done("extensions", ", ".join(_extensions(client)) or "none", *_missing(client, settings))
            if hop.user:
                step = "AUTH"
                client.login(hop.user, _password(settings, hop, identity))
                report.done(step, f"signed in as {hop.user}")
            if mail is not None:
                step = "mail"
                report.done(step, _send(client, settings, mail))
    except (OSError, smtplib.SMTPException, ConfigError, ValueError) as error:
        report.failed("TLS" if isinstance(error, ssl.SSLError) and step == "connect" else step, error)
        if isinstance(error, ssl.SSLCertVerificationError):
            report.steps += _unverified(hop, settings)
    return report.steps


def _connected(hop: NextHop, settings: Settings, context: ssl.SSLContext | None) -> smtplib.SMTP:
    timeout_s, name = settings.relay.connect_timeout_s, settings.smtp.hostname
    if hop.security is Security.TLS:
        return smtplib.SMTP_SSL(hop.host, hop.port, local_hostname=name, timeout=timeout_s, context=context)
    return smtplib.SMTP(hop.host, hop.port, local_hostname=name, timeout=timeout_s)


def _password(settings: Settings, hop: NextHop, identity: HopIdentity) -> str:
    if identity.password or hop != settings.relay.next_hop:
        return identity.password
    return settings.relay.password.get_secret_value()


def _tls_words(client: smtplib.SMTP, settings: Settings, identity: HopIdentity) -> tuple[str, ...]:
    if not isinstance(client.sock, ssl.SSLSocket):
        raise smtplib.SMTPException("the connection did not turn to TLS")
    verified = "verified" if settings.relay.tls_verify else "NOT verified (RELAY__TLS_VERIFY is off)"
    words = [f"{client.sock.version()}, certificate {verified}: {_certificate_words(client.sock)}"]
    if identity.chain is not None:
        shown = x509.load_pem_x509_certificate(identity.chain.encode())
        words.append(f"our client certificate was offered: {_describe(shown)}")
    return tuple(words)


def _unverified(hop: NextHop, settings: Settings) -> list[Step]:
    """Look once more without verification, only to show which certificate it is; nothing is sent over it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with _connected(hop, settings, context) as client:
            if hop.security is Security.STARTTLS:
                client.starttls(context=context)
            if isinstance(client.sock, ssl.SSLSocket):
                advice = "a private CA is trusted with RELAY__TLS_CA"
                return [Step("certificate", False, _certificate_words(client.sock), (advice,))]
    except (OSError, smtplib.SMTPException, ValueError):
        pass  # the failure itself has been told
    return []


def _certificate_words(sock: ssl.SSLSocket) -> str:
    der = sock.getpeercert(binary_form=True)
    return _describe(x509.load_der_x509_certificate(der)) if der else "none"


def _describe(certificate: x509.Certificate) -> str:
    expires = certificate.not_valid_after_utc
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    return f"subject {subject or '(empty)'}, issuer {issuer or '(empty)'}, expires {expires:%Y-%m-%d}"


def _extensions(client: smtplib.SMTP) -> list[str]:
    # smtplib puts a blank before what AUTH says
    return sorted(" ".join(f"{name.upper()} {value}".split()) for name, value in client.esmtp_features.items())


def _missing(client: smtplib.SMTP, settings: Settings) -> list[str]:
    notes = [f"no {name}: {what}" for name, what in _MISSING.items() if not client.has_extn(name)]
    size, ours = client.esmtp_features.get("size", ""), settings.smtp.message_bytes_max
    if size.isdigit() and 0 < int(size) < ours:
        notes += [
            f"SIZE {size} is smaller than ours ({ours}): larger mail is accepted by us and then returned",
            f"with SMTP__MESSAGE_BYTES_MAX={size} it is refused before it is sent",
        ]
    return notes


def _send(client: smtplib.SMTP, settings: Settings, mail: TestMail) -> str:
    lines = [
        f"From: <{mail.sender}>",
        f"To: <{mail.recipient}>",
        "Subject: CareerRelay Gateway: test of the next hop",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{new_token()}@{settings.smtp.hostname}>",
        "Auto-Submitted: auto-generated",
        "",
        "This is a test. Nobody needs to answer.",
        "",
    ]
    client.sendmail(mail.sender, [mail.recipient], "\r\n".join(lines).encode("ascii"))
    return f"taken for {mail.recipient}"


def _words(error: Exception) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return "; ".join(f"{code} {_text(said)}" for code, said in error.recipients.values())
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {_text(error.smtp_error)}"
        case ssl.SSLCertVerificationError():
            return f"the certificate does not verify: {error.verify_message}"
        case ConfigError():
            return error.message
        case ssl.SSLError():
            reason = (error.reason or str(error)).replace("_", " ").lower()
            return f"TLS: {reason}; is it smtps:// or smtp+starttls:// there?"
        case OSError() if error.strerror:
            return error.strerror
    return str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
