"""Tries the next hop step by step, for a person who sets it up: connect, TLS, greeting, sign-in. No mail is sent."""

import smtplib
import ssl
from dataclasses import dataclass, field

from core.endpoints import NextHop, Security
from core.settings import Settings

Step = tuple[str, bool, str]


@dataclass
class _Report:
    steps: list[Step] = field(default_factory=list)

    def done(self, name: str, detail: str) -> None:
        self.steps.append((name, True, detail))

    def failed(self, name: str, error: Exception) -> None:
        self.steps.append((name, False, _words(error)))


def probe(settings: Settings, next_hop: str) -> list[Step]:
    """(step, ok, what the server said) in order; the first failure is the last entry."""
    hop, report = NextHop.parse(next_hop), _Report()
    context = ssl.create_default_context()
    if not settings.relay.tls_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    step = "connect"
    try:
        client = _connected(hop, settings, context)
        with client:
            report.done(step, f"{hop.host}:{hop.port} greets, {hop.security}")
            step = "greeting"
            client.ehlo_or_helo_if_needed()
            if hop.security is Security.STARTTLS:
                step = "STARTTLS"
                client.starttls(context=context)
                client.ehlo()
                report.done(step, _tls_words(client))
            report.done("extensions", ", ".join(sorted(name.upper() for name in client.esmtp_features)) or "none")
            if hop.user:
                step = "AUTH"
                client.login(hop.user, settings.relay.password.get_secret_value())
                report.done(step, f"signed in as {hop.user}")
    except (OSError, smtplib.SMTPException) as error:
        report.failed(step, error)
    return report.steps


def _connected(hop: NextHop, settings: Settings, context: ssl.SSLContext) -> smtplib.SMTP:
    timeout_s, name = settings.relay.connect_timeout_s, settings.smtp.hostname
    if hop.security is Security.TLS:
        return smtplib.SMTP_SSL(hop.host, hop.port, local_hostname=name, timeout=timeout_s, context=context)
    return smtplib.SMTP(hop.host, hop.port, local_hostname=name, timeout=timeout_s)


def _tls_words(client: smtplib.SMTP) -> str:
    return str(client.sock.version()) if isinstance(client.sock, ssl.SSLSocket) else "no TLS"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {said}"
    return str(error) or type(error).__name__
