"""What an operator gives as a client certificate, and how it is kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.crypto import KeyRing
from core.errors import ConfigError, NotFound
from core.runtime import Runtime, Tx
from crm.registry import companies, hop_identity
from crm.registry.companies import CompanyView
from crm.tables import CompanyRow
from tests.crm.world import COMPANY
from tests.gateway.authority import Authority

HOP = "smtp+starttls://relay@mx.example.net:587"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def read(pem: tuple[Path, Path]) -> hop_identity.ClientCertificate:
    return hop_identity.read_certificate(pem[0].read_bytes(), pem[1].read_bytes(), datetime.now(UTC))


def test_a_certificate_is_read_with_its_end(authority: Authority) -> None:
    pem = authority.issue("kigyo", ends_days=5)
    certificate = read(pem)
    assert (certificate.subject, (certificate.expires_at - datetime.now(UTC)).days) == ("CN=kigyo", 4)
    assert len(certificate.sha256) == 64
    assert "PRIVATE" not in repr(certificate)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda a: (a.issue("one")[0], a.issue("two")[1]), "does not belong"),
        (lambda a: a.issue("old", begins_days=-9, ends_days=-1), "expired on"),
        (lambda a: a.issue("new", begins_days=1, ends_days=2), "not valid before"),
        (lambda a: a.issue("closed", passphrase="secret"), "passphrase"),
        (lambda a: (a.issue("one")[1], a.issue("one")[1]), "no PEM certificate"),
        (lambda a: (a.issue("one")[0], a.issue("one")[0]), "no PEM private key"),
        (lambda a: (a.file, a.issue("one")[1]), "does not belong"),
    ],
    ids=["another key", "expired", "too early", "passphrase", "no certificate", "no key", "the CA's"],
)
def test_what_cannot_work_is_refused_at_once(
    authority: Authority, change: Callable[[Authority], tuple[Path, Path]], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        read(change(authority))
    assert "PRIVATE" not in str(caught.value)


def test_large_files_are_no_certificates() -> None:
    with pytest.raises(ConfigError, match="more than"):
        hop_identity.read_certificate(b"x" * 70_000, b"", datetime.now(UTC))


def company_with_hop(tx: Tx, hop: str | None = HOP) -> CompanyView:
    return companies.add(tx, replace(COMPANY, next_hop=hop))


def test_key_and_password_are_sealed_and_come_back(runtime: Runtime, authority: Authority) -> None:
    certificate = read(authority.issue("kigyo"))
    with runtime.begin() as tx:
        company = company_with_hop(tx)
        hop_identity.set_certificate(tx, company.id, certificate)
        hop_identity.set_password(tx, company.id, "pass wörd")
        view, kept = companies.get(tx, company.id), hop_identity.identity(tx, company.id)
        row = tx.session.get_one(CompanyRow, company.id)
    assert (kept.chain, kept.key, kept.password) == (certificate.chain, certificate.key, "pass wörd")
    assert (view.client_cert_sha256, view.client_cert_expires_at) == (certificate.sha256, certificate.expires_at)
    assert b"PRIVATE" not in (row.client_key_sealed or b"")
    assert "PRIVATE" not in repr(kept)
    assert "pass" not in repr(kept)


def test_both_can_be_taken_back(runtime: Runtime, authority: Authority) -> None:
    with runtime.begin() as tx:
        company = company_with_hop(tx)
        hop_identity.set_certificate(tx, company.id, read(authority.issue("kigyo")))
        hop_identity.set_password(tx, company.id, "password")
        hop_identity.set_certificate(tx, company.id, None)
        hop_identity.set_password(tx, company.id, "")
        assert hop_identity.identity(tx, company.id) == hop_identity.HopIdentity()
        view = companies.get(tx, company.id)
    assert (view.client_cert_sha256, view.client_cert_expires_at, view.next_hop_password_set_at) == (None, None, None)


def test_a_password_is_forgotten_with_its_server(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        company = company_with_hop(tx)
        hop_identity.set_password(tx, company.id, "password")
        assert companies.change(tx, company.id, name="same hop").next_hop_password_set_at is not None
        changed = companies.change(tx, company.id, next_hop="smtps://relay@mx.example.org:465")
        assert changed.next_hop_password_set_at is None
        assert hop_identity.identity(tx, company.id).password == ""


def test_where_nobody_would_see_them_they_are_refused(runtime: Runtime, authority: Authority) -> None:
    certificate = read(authority.issue("kigyo"))
    with runtime.begin() as tx:
        company = company_with_hop(tx, "smtp://192.0.2.1:25")
        with pytest.raises(ConfigError, match="has no TLS"):
            hop_identity.set_certificate(tx, company.id, certificate)
        with pytest.raises(ConfigError, match="with a user"):
            hop_identity.set_password(tx, company.id, "password")
        with pytest.raises(NotFound):
            hop_identity.set_certificate(tx, 99, certificate)


def test_another_key_ring_opens_nothing(runtime: Runtime, authority: Authority) -> None:
    with runtime.begin() as tx:
        company = company_with_hop(tx)
        hop_identity.set_certificate(tx, company.id, read(authority.issue("kigyo")))
        tx.keys = KeyRing.generate()
        with pytest.raises(ConfigError, match=f"company {company.id}"):
            hop_identity.identity(tx, company.id)
