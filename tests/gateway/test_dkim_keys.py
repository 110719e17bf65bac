"""Keys: made, announced, active, retired; private halves lie sealed; only the company's own domains are signed for."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, update

from core.audit import AuditEntry
from core.clock import ManualClock
from core.crypto import Key, KeyRing
from core.errors import ConfigError, NotFound
from core.installation import config_version
from core.runtime import Runtime
from crm.registry import companies
from crm.registry.companies import NewCompany
from gateway.signature import dkim_keys
from gateway.signature.dkim import Algorithm, Signer
from gateway.signature.dkim_keys import DkimKey
from gateway.tables.dkim import DkimKeyRow, KeyState
from tests.gateway.dkim_world import ed25519, rsa, signed, verify

HEADER, BODY = b"From: hr@example.co.jp\r\n", b"text\r\n"


def company(runtime: Runtime, *domains: str) -> int:
    with runtime.begin() as tx:
        return companies.add(tx, NewCompany("Example", domains or ("example.co.jp",))).id


def prepared(
    runtime: Runtime, company_id: int, domain: str = "example.co.jp", algorithm: Algorithm = Algorithm.ED25519
) -> DkimKey:
    with runtime.begin() as tx:
        return dkim_keys.prepare(tx, company_id, domain, dkim_keys.generate(algorithm))


def activated(runtime: Runtime, key: DkimKey) -> tuple[DkimKey, ...]:
    with runtime.begin() as tx:
        return dkim_keys.activate(tx, key.id)[1]


def signers(runtime: Runtime, company_id: int) -> tuple[Signer, ...]:
    with runtime.read() as tx:
        return dkim_keys.signers_for(tx).get(company_id, ())


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_signs_from_its_activation_to_its_retirement(any_runtime: Runtime, algorithm: Algorithm) -> None:
    company_id = company(any_runtime)
    key = prepared(any_runtime, company_id, algorithm=algorithm)
    assert (key.state, key.activated_at) == (KeyState.PREPARED, None)
    assert signers(any_runtime, company_id) == ()
    with any_runtime.read() as tx:
        before = config_version(tx)
    assert activated(any_runtime, key) == ()
    (signer,) = signers(any_runtime, company_id)
    assert (signer.domain, signer.selector, signer.algorithm) == (key.domain, key.selector, algorithm)
    assert verify(signed(HEADER, BODY, signer), {key.dns_name: key.dns_value}), "the printed record fits the key"
    with any_runtime.begin() as tx:
        assert config_version(tx) == before + 1, "running processes read it again"
        assert dkim_keys.retire(tx, key.dns_name).state is KeyState.RETIRED
    assert signers(any_runtime, company_id) == ()


def test_rotation_puts_the_new_key_in_the_place_of_the_old_one_of_its_kind(
    any_runtime: Runtime, clock: ManualClock
) -> None:
    company_id = company(any_runtime)
    first, beside = prepared(any_runtime, company_id), prepared(any_runtime, company_id, algorithm=Algorithm.RSA2048)
    assert activated(any_runtime, first) == activated(any_runtime, beside) == ()
    clock.advance(86_400 * 200)
    second = prepared(any_runtime, company_id)
    assert second.selector != first.selector
    assert [one.selector for one in signers(any_runtime, company_id)] == [beside.selector, first.selector]
    (old,) = activated(any_runtime, second)
    assert (old.id, old.state, old.retired_at) == (first.id, KeyState.RETIRED, clock.now())
    assert [one.selector for one in signers(any_runtime, company_id)] == [beside.selector, second.selector]
    (old,) = activated(any_runtime, first)
    assert old.id == second.id, "and back"
    assert [one.selector for one in signers(any_runtime, company_id)] == [beside.selector, first.selector]


def test_the_private_half_lies_sealed_in_its_own_row(runtime: Runtime) -> None:
    company_id = company(runtime)
    private = dkim_keys.generate(Algorithm.ED25519)
    with runtime.begin() as tx:
        key = dkim_keys.prepare(tx, company_id, "example.co.jp", private)
        other = dkim_keys.prepare(tx, company_id, "example.co.jp", dkim_keys.generate(Algorithm.ED25519))
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        sealed = tx.session.get_one(DkimKeyRow, key.id).private_sealed
        assert der[-32:] not in sealed
        assert tx.keys.open(f"dkim_key.private_sealed:{key.id}", sealed) == der
        tx.session.execute(update(DkimKeyRow).where(DkimKeyRow.id == other.id).values(private_sealed=sealed))
    activated(runtime, other)
    assert signers(runtime, company_id) == (), "moved to another row it does not open, and mail goes on unsigned"
    activated(runtime, key)
    assert len(signers(runtime, company_id)) == 1


def test_a_ring_without_a_key_for_dkim_still_seals_and_opens() -> None:
    full = KeyRing.generate()
    older = KeyRing({name: keys for name, keys in full._keys.items() if name != "dkim"})
    sealed = older.seal("dkim_key.private_sealed:1", b"x", "dkim")
    assert full.open("dkim_key.private_sealed:1", sealed) == b"x"
    with_own = KeyRing({**older._keys, "dkim": (Key("d1", bytes(32)),)})
    assert with_own.open("a:1", with_own.seal("a:1", b"x", "dkim")) == b"x"
    assert with_own.seal("a:1", b"x", "dkim")[2:4] == b"d1"
    assert with_own.seal("a:1", b"x")[2:4] == b"f1"


@pytest.mark.parametrize(
    ("domain", "good"),
    [("example.co.jp", True), ("EXAMPLE.co.jp.", True), ("example.org", True), ("a.example.org", True),
     ("saiyo.example.co.jp", False), ("example.com", False), (".example.org", False), ("org", False)],
)  # fmt: skip
def test_keys_are_made_for_the_companys_own_domains_only(runtime: Runtime, domain: str, good: bool) -> None:
    company_id = company(runtime, "example.co.jp", ".example.org")
    if good:
        assert prepared(runtime, company_id, domain).domain == domain.lower().rstrip(".")
    else:
        with pytest.raises(ConfigError):
            prepared(runtime, company_id, domain)


@pytest.mark.parametrize("selector", ["", "a.b", "-a", "a b", "x" * 64, "cr_1", "taken", "TAKEN"])
def test_impossible_selectors_are_refused(runtime: Runtime, selector: str) -> None:
    company_id = company(runtime)
    with runtime.begin() as tx:
        dkim_keys.prepare(tx, company_id, "example.co.jp", ed25519().key, "taken")
    with runtime.begin() as tx, pytest.raises(ConfigError, match="selector"):
        dkim_keys.prepare(tx, company_id, "example.co.jp", ed25519().key, selector)


def test_selectors_tell_the_month_and_the_kind(runtime: Runtime) -> None:
    company_id = company(runtime)
    with runtime.begin() as tx:
        made = [dkim_keys.prepare(tx, company_id, "example.co.jp", one.key) for one in (rsa(), ed25519(), ed25519())]
    assert [key.selector for key in made] == ["cr202611r", "cr202611e", "cr202611e2"]


def test_a_domain_that_was_given_to_another_company_is_signed_for_no_more(runtime: Runtime) -> None:
    company_id = company(runtime)
    key = prepared(runtime, company_id)
    activated(runtime, key)
    with runtime.begin() as tx:
        companies.change(tx, company_id, sender_domains=("example.org",))
    assert signers(runtime, company_id) == ()
    with pytest.raises(ConfigError, match="no longer"):
        activated(runtime, key)


def test_unknown_keys_and_companies(runtime: Runtime) -> None:
    with pytest.raises(NotFound), runtime.begin() as tx:
        dkim_keys.retire(tx, "0123456789abcdef")
    with pytest.raises(NotFound), runtime.begin() as tx:
        dkim_keys.get(tx, "x._domainkey.example.co.jp")
    with pytest.raises(NotFound):
        prepared(runtime, 7)


def test_settings_that_the_keys_cannot_keep_are_refused(runtime: Runtime) -> None:
    company_id = company(runtime, "example.co.jp", "example.org", ".example.net")
    senders = ("hr@example.co.jp", "@example.org", "a@x.example.net")
    with runtime.begin() as tx:
        view = companies.change(tx, company_id, recruiting_senders=senders, signed_mail="resign", dkim_sign="all")
        with pytest.raises(ConfigError, match=r"for example.co.jp, example.org, x.example.net; "):
            dkim_keys.require_active(tx, view)
        for domain in ("example.co.jp", "example.net"):
            made = dkim_keys.prepare(tx, company_id, domain, dkim_keys.generate(Algorithm.ED25519))
            dkim_keys.activate(tx, made.id)
        with pytest.raises(ConfigError, match=r"for example.org; "):
            dkim_keys.require_active(tx, view)
        dkim_keys.require_active(tx, companies.change(tx, company_id, signed_mail="leave"))
        narrower = companies.change(tx, company_id, recruiting_senders=senders[:1], signed_mail="resign")
        dkim_keys.require_active(tx, narrower)
        everybody = companies.change(tx, company_id, recruiting_senders=())
        with pytest.raises(ConfigError, match=r"for example.org; "):
            dkim_keys.require_active(tx, everybody)


@pytest.mark.parametrize("wrong", [{"signed_mail": "strip"}, {"dkim_sign": "none"}])
def test_unknown_words_are_refused(runtime: Runtime, wrong: dict[str, str]) -> None:
    company_id = company(runtime)
    with pytest.raises(ConfigError, match=r"signed mail|DKIM"), runtime.begin() as tx:
        companies.change(tx, company_id, **wrong)


def test_every_step_is_in_the_audit(runtime: Runtime) -> None:
    company_id = company(runtime)
    first, second = prepared(runtime, company_id), prepared(runtime, company_id)
    activated(runtime, first)
    activated(runtime, second)
    with runtime.read() as tx:
        query = select(AuditEntry).where(AuditEntry.action.startswith("dkim")).order_by(AuditEntry.id)
        found = [(one.action, one.details["selector"]) for one in tx.session.scalars(query)]
    assert found == [
        ("dkim key prepared", first.selector),
        ("dkim key prepared", second.selector),
        ("dkim key activated", first.selector),
        ("dkim key retired", first.selector),
        ("dkim key activated", second.selector),
    ]
