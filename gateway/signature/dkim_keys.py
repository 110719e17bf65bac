"""DKIM keys of the companies: made here, sealed in the database, announced in the DNS, used while active.

States: prepared (the DNS record is being published) -> active (signs) -> retired (signs no more, may be taken back).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from sqlalchemy import select

from core import audit
from core.bulk import Query
from core.crypto import SealBroken
from core.db import new_id
from core.errors import ConfigError, NotFound
from core.log import get_logger
from core.runtime import Tx
from crm.registry import companies
from crm.registry.companies import CompanyView
from crm.registry.company_input import covers
from crm.registry.company_input import domain as canonical_domain
from crm.tables import CompanyDomainRow
from gateway.signature import dkim_record
from gateway.signature.dkim import Algorithm, Signer
from gateway.tables.dkim import DkimKeyRow, KeyState

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_RSA_BITS = 2048
_RSA_EXPONENT = 65537
_DNS_NAME_OCTETS_MAX = 253
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key as everybody may see it: without its private half."""

    id: str
    company_id: int
    domain: str
    selector: str
    algorithm: Algorithm
    state: KeyState
    public_key: bytes
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None

    @property
    def dns_name(self) -> str:
        return dkim_record.dns_name(self.domain, self.selector)

    @property
    def dns_value(self) -> str:
        return dkim_record.value(self.algorithm, self.public_key)


def generate(algorithm: Algorithm) -> PrivateKey:
    """Make a private key. RSA takes a tenth of a second: call it before the transaction opens."""
    if algorithm is Algorithm.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(_RSA_EXPONENT, _RSA_BITS)


def public_half(key: PrivateKey) -> bytes:
    """The octets of ``p=`` before base64."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.public_key().public_bytes_raw()  # RFC 8463 4.2: the bare 32 octets
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def prepare(
    tx: Tx, company_id: int, domain: str, key: PrivateKey, selector: str | None = None, *, actor: str = "cli"
) -> DkimKey:
    """Store a new key beside those that exist; it signs nothing before ``activate``.

    Raises:
        NotFound: no such company.
        ConfigError: the domain is not the company's, or the selector is impossible or taken.
    """
    domain = canonical_domain(domain)
    own = companies.get(tx, company_id).sender_domains
    if domain.startswith(".") or not _is_own(domain, own):
        raise ConfigError(f"{domain} is not a sender domain of company {company_id}: it has {', '.join(own)}")
    algorithm = Algorithm.ED25519 if isinstance(key, ed25519.Ed25519PrivateKey) else Algorithm.RSA2048
    row_id = new_id()
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    row = DkimKeyRow(
        id=row_id,
        company_id=company_id,
        domain=domain,
        selector=_selector(tx, domain, algorithm, selector),
        algorithm=algorithm.value,
        state=KeyState.PREPARED.value,
        public_key=public_half(key),
        private_sealed=tx.keys.seal(_aad(row_id), private, "dkim"),
        created_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    _record(tx, actor, "dkim key prepared", row)
    return _view(row)


def activate(tx: Tx, key_id: str, *, actor: str = "cli") -> tuple[DkimKey, tuple[DkimKey, ...]]:
    """Let a key sign from now on; returns it and those it takes the place of.

    A domain has at most one active key of an algorithm: the one before is retired in the same commit, so no mail leaves
    with two signatures of a kind or with none. A retired key may be taken back this way.

    Raises:
        NotFound: no such key.
        ConfigError: the domain is no longer the company's.
    """
    row = _row(tx, key_id)
    if not _is_own(row.domain, companies.get(tx, row.company_id).sender_domains):
        raise ConfigError(f"{row.domain} is no longer a sender domain of company {row.company_id}")
    before = tx.session.scalars(
        select(DkimKeyRow).where(
            DkimKeyRow.domain == row.domain,
            DkimKeyRow.algorithm == row.algorithm,
            DkimKeyRow.state == KeyState.ACTIVE.value,
            DkimKeyRow.id != row.id,
        )
    ).all()
    for old in before:
        _retire(tx, old, actor)
    if row.state != KeyState.ACTIVE.value:
        row.state, row.activated_at, row.retired_at = KeyState.ACTIVE.value, tx.now, None
        _record(tx, actor, "dkim key activated", row)
    tx.session.flush()
    tx.config_changed()
    return _view(row), tuple(_view(old) for old in before)


def retire(tx: Tx, key_id: str, *, actor: str = "cli") -> DkimKey:
    """Let a key sign no more. Mail signed with it may still be on its way: its DNS record has to stay for some days.

    Raises:
        NotFound: no such key.
    """
    row = _row(tx, key_id)
    if row.state != KeyState.RETIRED.value:
        _retire(tx, row, actor)
    tx.session.flush()
    tx.config_changed()
    return _view(row)


def get(tx: Tx, key_id: str) -> DkimKey:
    """Return one key, named by its id or its DNS name.

    Raises:
        NotFound: no such key.
    """
    return _view(_row(tx, key_id, lock=False))


def all_keys(tx: Tx, company_id: int | None = None) -> list[DkimKey]:
    """Return every key, or those of one company, oldest first within a domain."""
    query = select(DkimKeyRow).order_by(DkimKeyRow.company_id, DkimKeyRow.domain, DkimKeyRow.created_at, DkimKeyRow.id)
    if company_id is not None:
        query = query.where(DkimKeyRow.company_id == company_id)
    return [_view(row) for row in tx.session.scalars(query)]


def signers_for(tx: Tx) -> Mapping[int, tuple[Signer, ...]]:
    """Every company's active keys, opened and ready to sign; RSA first, since every verifier knows it.

    A key whose domain has gone to somebody else, or that does not open, is left out: mail goes on, unsigned.
    """
    own: dict[int, tuple[str, ...]] = {}
    for company_id, domain in _DOMAINS.rows(tx):
        own[company_id] = (*own.get(company_id, ()), domain)
    signers: dict[int, tuple[Signer, ...]] = {}
    for row in _ACTIVE.records(tx):
        if not _is_own(row.domain, own.get(row.company_id, ())):
            continue
        try:
            key = _opened(tx, row)
        except SealBroken:
            _log.error("DKIM key cannot be opened", extra={"company_id": row.company_id, "selector": row.selector})
            continue
        signer = Signer(row.domain, row.selector, Algorithm(row.algorithm), key)
        signers[row.company_id] = (*signers.get(row.company_id, ()), signer)
    return signers


_DOMAINS = Query(select(CompanyDomainRow.company_id, CompanyDomainRow.domain))
_ACTIVE = Query(
    select(DkimKeyRow.__table__)
    .where(DkimKeyRow.state == KeyState.ACTIVE.value)
    .order_by(DkimKeyRow.algorithm.desc(), DkimKeyRow.domain)
)


def require_active(tx: Tx, company: CompanyView) -> None:
    """Refuse what a company's settings promise and its keys cannot keep.

    Raises:
        ConfigError: ``resign`` without an active key for the domain of each recruiting sender (or for any domain, when
            it names none), or ``all`` without any active key.
    """
    active = _active_domains(tx, company.id)
    wanted = {sender.rpartition("@")[2] for sender in company.recruiting_senders} or set(company.sender_domains)
    missing = sorted(one for one in wanted if not _signable(one, active))
    how = f"`careerrelay dkim prepare {company.id} --domain DOMAIN`, then `careerrelay dkim activate`"
    if company.signed_mail == "resign" and missing:
        raise ConfigError(f"signed mail resign: no active DKIM key for {', '.join(missing)}; {how}")
    if company.dkim_sign == "all" and not active:
        raise ConfigError(f"DKIM sign all: company {company.id} has no active DKIM key; {how}")


def signs_still(tx: Tx, company_id: int, domain: str) -> bool:
    """Is there an active key of the company for authors of ``domain``?"""
    return _signable(domain, _active_domains(tx, company_id))


def _active_domains(tx: Tx, company_id: int) -> frozenset[str]:
    active = (DkimKeyRow.company_id == company_id, DkimKeyRow.state == KeyState.ACTIVE.value)
    return frozenset(tx.session.scalars(select(DkimKeyRow.domain).where(*active)))


def _signable(author: str, active: frozenset[str]) -> bool:
    """As `dkim_policy.aligned` decides for each mail; ``.example.jp`` is any sub-domain."""
    return any(author.lstrip(".") == own or author.endswith(f".{own}") for own in active)


def _selector(tx: Tx, domain: str, algorithm: Algorithm, wished: str | None) -> str:
    taken = set(tx.session.scalars(select(DkimKeyRow.selector).where(DkimKeyRow.domain == domain)))
    # The month says how old a key is; rotation needs a new name each time, since caches keep the old record.
    base = f"cr{tx.now:%Y%m}{algorithm.value[0]}"
    free = next(name for number in count(1) if (name := f"{base}{number if number > 1 else ''}") not in taken)
    selector = free if wished is None else wished.lower()
    if not _SELECTOR.match(selector):
        raise ConfigError(f"selector {selector!r}: letters, digits and - only, at most 63")
    if selector in taken:
        raise ConfigError(f"selector {selector} of {domain} is taken; a new key needs a new selector")
    if len(dkim_record.dns_name(domain, selector)) > _DNS_NAME_OCTETS_MAX:
        raise ConfigError(f"{domain} is too long for a DKIM key: the record's name would pass 253 octets")
    return selector


def _is_own(domain: str, sender_domains: tuple[str, ...]) -> bool:
    """``.example.jp`` covers example.jp itself here: a key there signs for the sub-domains."""
    return covers(sender_domains, domain) or f".{domain}" in sender_domains


def _opened(tx: Tx, row: Any) -> PrivateKey:
    """``row``: with the columns of `DkimKeyRow` as attributes."""
    private = tx.keys.open(_aad(row.id), row.private_sealed)
    # The seal proves that these are the bytes we wrote; checking the primes again would cost more than a mail.
    return cast("PrivateKey", load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True))


def _retire(tx: Tx, row: DkimKeyRow, actor: str) -> None:
    row.state, row.retired_at = KeyState.RETIRED.value, tx.now
    _record(tx, actor, "dkim key retired", row)


def _row(tx: Tx, key_id: str, *, lock: bool = True) -> DkimKeyRow:
    selector, marker, domain = key_id.lower().rstrip(".").partition("._domainkey.")
    named = (DkimKeyRow.domain == domain, DkimKeyRow.selector == selector) if marker else (DkimKeyRow.id == key_id,)
    query = select(DkimKeyRow).where(*named)
    row = tx.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"there is no DKIM key {key_id}")
    return row


def _record(tx: Tx, actor: str, action: str, row: DkimKeyRow) -> None:
    audit.record(tx, actor, action, f"company:{row.company_id}", domain=row.domain, selector=row.selector)


def _view(row: DkimKeyRow) -> DkimKey:
    return DkimKey(
        row.id,
        row.company_id,
        row.domain,
        row.selector,
        Algorithm(row.algorithm),
        KeyState(row.state),
        row.public_key,
        row.created_at,
        row.activated_at,
        row.retired_at,
    )


def _aad(row_id: str) -> str:
    return f"dkim_key.private_sealed:{row_id}"
