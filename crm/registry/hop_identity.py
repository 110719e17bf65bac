"""Who a company is to its next hop: a TLS client certificate, and the password of the next hop's user.

Microsoft 365 and Google take a company's mail by such a certificate. Keys and passwords are sealed with the key ring;
they are read by the relay only and never shown again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import hashes

from core import audit
from core.certificates import read_pair
from core.crypto import SealBroken
from core.endpoints import NextHop, Security
from core.errors import ConfigError
from core.runtime import Tx
from crm.registry.parties import company_row

PEM_BYTES_MAX = 65_536
PASSWORD_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A PEM chain (leaf first) with its PEM key, which fit together. ``sha256``: of the leaf, in hex."""

    chain: str
    key: bytes = field(repr=False)
    sha256: str
    subject: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HopIdentity:
    """What the relay shows to a company's next hop. ``chain`` and ``key`` are PEM, both or none."""

    chain: str | None = None
    key: bytes | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)


def read_certificate(chain_pem: bytes, key_pem: bytes, now: datetime) -> ClientCertificate:
    """Read what an operator gives.

    Raises:
        ConfigError: one line for every problem: not PEM, they do not fit together, expired, a key with a passphrase.
    """
    if max(len(chain_pem), len(key_pem)) > PEM_BYTES_MAX:
        raise ConfigError(f"client certificate: a file of more than {PEM_BYTES_MAX} bytes is no certificate")
    leaf = read_pair(chain_pem, key_pem, chain_name="client certificate", key_name="client key")
    problems = []
    if leaf.not_valid_after_utc <= now:
        problems.append(f"client certificate: expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if leaf.not_valid_before_utc > now:
        problems.append(f"client certificate: not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M}Z")
    if problems:
        raise ConfigError(*problems)
    return ClientCertificate(
        chain=chain_pem.decode("ascii", "replace"),
        key=key_pem,
        sha256=leaf.fingerprint(hashes.SHA256()).hex(),
        subject=leaf.subject.rfc4514_string(),
        expires_at=leaf.not_valid_after_utc,
    )


def set_certificate(tx: Tx, company_id: int, certificate: ClientCertificate | None, *, actor: str = "cli") -> None:
    """Show this certificate to the company's next hop from now on; None: no certificate.

    Raises:
        NotFound: no such company.
        ConfigError: its next hop is spoken to without TLS, so nobody would see the certificate.
    """
    row = company_row(tx, company_id, lock=True)
    if certificate is not None:
        hop = NextHop.parse(row.next_hop) if row.next_hop else tx.settings.relay.next_hop
        if hop is not None and hop.security is Security.PLAIN:
            raise ConfigError(f"client certificate: the next hop {hop} has no TLS; write smtp+starttls:// or smtps://")
    row.client_cert = certificate.chain if certificate else None
    row.client_cert_sha256 = certificate.sha256 if certificate else None
    row.client_cert_expires_at = certificate.expires_at if certificate else None
    row.client_key_sealed = tx.keys.seal(_aad("client_key", company_id), certificate.key) if certificate else None
    _changed(tx, company_id, actor, "client certificate set" if certificate else "client certificate removed")


def set_password(tx: Tx, company_id: int, password: str, *, actor: str = "cli") -> None:
    """The password of the user in the company's own next hop; "" forgets it.

    Raises:
        NotFound: no such company.
        ConfigError: the company has no next hop of its own with a user, or the password is impossible.
    """
    row = company_row(tx, company_id, lock=True)
    if password and (not row.next_hop or not NextHop.parse(row.next_hop).user):
        raise ConfigError("next hop password: the company needs a next hop of its own with a user, USER@HOST")
    if len(password) > PASSWORD_CHARS_MAX or "\x00" in password:
        raise ConfigError(f"next hop password: at most {PASSWORD_CHARS_MAX} characters")
    sealed = tx.keys.seal_text(_aad("next_hop_password", company_id), password) if password else None
    row.next_hop_password_sealed = sealed
    row.next_hop_password_set_at = tx.now if password else None
    _changed(tx, company_id, actor, "next hop password set" if password else "next hop password removed")


def identity(tx: Tx, company_id: int) -> HopIdentity:
    """What the relay needs, opened.

    Raises:
        NotFound: no such company.
        ConfigError: what is stored does not open with this key ring.
    """
    row = company_row(tx, company_id)
    try:
        return HopIdentity(
            chain=row.client_cert,
            key=tx.keys.open(_aad("client_key", company_id), row.client_key_sealed) if row.client_key_sealed else None,
            password=tx.keys.open_text(_aad("next_hop_password", company_id), row.next_hop_password_sealed)
            if row.next_hop_password_sealed
            else "",
        )
    except SealBroken as broken:
        raise ConfigError(f"company {company_id}: {broken.message}") from broken


def _changed(tx: Tx, company_id: int, actor: str, what: str) -> None:
    tx.session.flush()
    audit.record(tx, actor, what, f"company:{company_id}")
    tx.config_changed()


def _aad(column: str, company_id: int) -> str:
    return f"company.{column}_sealed:{company_id}"
