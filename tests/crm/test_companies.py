"""Companies: checked input, passwords, modes that need https, and switches that processes hear of."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.endpoints import NextHop
from core.errors import ConfigError, NotFound
from core.installation import config_version
from core.runtime import Runtime
from crm.registry import companies, company_input, smtp_users
from crm.registry.companies import NewCompany
from crm.tables.companies import SmtpUserRow
from rules.model import Mode
from tests.conftest import make_settings
from tests.crm.world import COMPANY


def test_a_company_without_a_mode_only_observes(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        added = companies.add(tx, COMPANY)
    with runtime.read() as tx:
        assert companies.all_companies(tx) == [added] == [companies.get(tx, added.id)]
    assert added.mode is Mode.OBSERVE
    assert (added.sender_domains, added.recruiting_senders) == (("example.jp",), ("saiyo@example.jp",))


def test_every_field_can_be_changed_and_unknown_ones_are_refused(any_runtime: Runtime) -> None:
    wanted = NewCompany(
        name="Sample Works",
        sender_domains=("example.org", ".example.net"),
        recruiting_senders=("@example.org", "jobs@hr.example.net"),
        networks=("192.0.2.0/24", "2001:db8::/32"),
        mode=Mode.OBSERVE,
        next_hop="smtp://192.0.2.9:25",
        hold_minutes=30,
        locale="en",
        tone="formal",
        mail_from="relay@example.org",
        contact_mail="hr@example.org",
        postal_address="1-1 Example, Tokyo",
        representative="Sample Taro",
        privacy_url="https://example.org/privacy",
        keep_passed_days=14,
        stamp="X-Stamp: abc",
        timezone="Europe/Berlin",
    )
    with any_runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
        given = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
        companies.change(tx, company_id, **given)
    with any_runtime.read() as tx:
        seen = companies.get(tx, company_id)
    assert NewCompany(**{one.name: getattr(seen, one.name) for one in fields(wanted)}) == wanted
    with pytest.raises(ConfigError, match="no field colour"), any_runtime.begin() as tx:
        companies.change(tx, company_id, colour="red")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": " "}, "name"),
        ({"sender_domains": ()}, "sender domain: give at least one"),
        ({"sender_domains": ("jp",)}, "too wide"),
        ({"sender_domains": (".jp",)}, "too wide"),
        ({"sender_domains": ("exa mple.jp",)}, "not a domain"),
        ({"recruiting_senders": ("saiyo@other.example.com",)}, "not in the sender domains"),
        ({"recruiting_senders": ("saiyo",)}, "not a mail address"),
        ({"networks": ("192.0.2.1/24",)}, "write 192.0.2.0/24 for all of it"),
        ({"networks": ("0.0.0.0/0",)}, "open relay"),
        ({"next_hop": "http://192.0.2.1"}, "next hop"),
        ({"next_hop": "smtps://user:secret@192.0.2.1"}, "password"),
        ({"hold_minutes": 0}, "hold minutes"),
        ({"stamp": "X-Stamp: a\r\nBcc: b"}, "stamp"),
        ({"mail_from": "a@b@example.jp"}, "sender of our mails"),
        ({"timezone": "Mars/Base"}, "time zone"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy"),
        ({"keep_passed_days": 1000}, "keep passed"),
    ],
)
def test_wrong_input_is_named(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        company_input.checked(replace(COMPANY, **changes))  # type: ignore[arg-type]


def test_every_problem_is_told_at_once() -> None:
    wrong = replace(COMPANY, name="", sender_domains=("jp",), hold_minutes=0)
    with pytest.raises(ConfigError) as caught:
        company_input.checked(wrong)
    assert len(caught.value.problems) >= 3


def test_domains_and_senders_have_one_form() -> None:
    clean = company_input.checked(
        replace(
            COMPANY,
            sender_domains=("Example.JP", "日本語.example", "example.jp"),
            recruiting_senders=("Saiyo@EXAMPLE.jp",),
        )
    )
    assert clean.sender_domains == ("example.jp", "xn--wgv71a119e.example")
    assert clean.recruiting_senders == ("saiyo@example.jp",)


def test_a_sender_domain_has_one_company(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        companies.add(tx, COMPANY)
    with pytest.raises(ConfigError, match="belongs to company"), runtime.begin() as tx:
        companies.add(tx, replace(COMPANY, name="Other", recruiting_senders=()))


@pytest.mark.parametrize(
    ("base_url", "next_hop", "allowed"),
    [
        ("https://relay.example.jp", "smtp://192.0.2.1:25", True),
        ("http://127.0.0.1:8080", "smtp://127.0.0.1:2500", True),
        ("http://[::1]:8080", "smtp://localhost:2500", True),
        ("http://127.0.0.1:8080", "smtp://192.0.2.1:25", False),
        ("http://relay.example.jp", "smtp://127.0.0.1:2500", False),
        ("http://127.0.0.1:8080", None, False),
    ],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_links_need_https_unless_nobody_is_there(
    base_url: str, next_hop: str | None, allowed: bool, mode: Mode
) -> None:
    hop = NextHop.parse(next_hop) if next_hop else None
    problem = company_input.links_problem(mode, base_url, hop)
    assert (problem is None) is (allowed or mode is Mode.OBSERVE)


def test_auto_is_refused_without_https_and_obeyed_and_logged_with_it(runtime: Runtime, home: Path) -> None:
    with runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
    with pytest.raises(ConfigError, match="https"), runtime.begin() as tx:
        companies.change(tx, company_id, mode=Mode.AUTO)
    settings = make_settings(home, WEB__BASE_URL="https://relay.example.jp")
    with replace(runtime, settings=settings).begin() as tx:
        assert companies.change(tx, company_id, mode=Mode.AUTO, actor="user:7").mode is Mode.AUTO
        found = tx.session.scalars(select(AuditEntry).where(AuditEntry.actor == "user:7")).all()
    assert [(line.action, line.details["mode"]) for line in found] == [("company changed", "auto")]


def test_the_next_hop_of_an_auto_company_may_not_leave_the_machine(runtime: Runtime, home: Path) -> None:
    settings = make_settings(home, RELAY__NEXT_HOP="smtp://127.0.0.1:2500")
    local = replace(runtime, settings=settings)
    with local.begin() as tx:
        company_id = companies.add(tx, replace(COMPANY, mode=Mode.AUTO)).id
    with pytest.raises(ConfigError, match="https"), local.begin() as tx:
        companies.change(tx, company_id, next_hop="smtp://192.0.2.1:25")


def test_smtp_passwords(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
        smtp_users.add(tx, company_id, "mailer", "correct horse")
    with runtime.read() as tx:
        hashed = tx.session.scalars(select(SmtpUserRow.password_hash)).one()
        assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106 4, the second of its two choices
        assert smtp_users.check_password(tx, "mailer", "correct horse") == company_id
        for user, password in (("mailer", "wrong horse"), ("x" * 300, "y" * 300)):
            assert smtp_users.check_password(tx, user, password) is None
    with pytest.raises(ConfigError, match="--replace"), runtime.begin() as tx:
        smtp_users.add(tx, company_id, "mailer", "battery staple")
    with runtime.begin() as tx:
        assert smtp_users.check_password(tx, "mailer", "correct horse") == company_id
        smtp_users.add(tx, company_id, "mailer", "battery staple", replace=True)
    with runtime.read() as tx:
        assert smtp_users.check_password(tx, "mailer", "correct horse") is None
        assert smtp_users.check_password(tx, "mailer", "battery staple") == company_id
    with runtime.begin() as tx:
        companies.suspend(tx, company_id)
        assert smtp_users.check_password(tx, "mailer", "battery staple") is None


def test_an_smtp_user_who_is_removed_is_refused(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        first = companies.add(tx, COMPANY).id
        second = companies.add(tx, NewCompany(name="Other", sender_domains=("example.org",))).id
        for user in ("mta", "ats"):
            smtp_users.add(tx, first, user, "correct horse")
        assert [one.user for one in smtp_users.of_company(tx, first)] == ["ats", "mta"]
        assert smtp_users.of_company(tx, second) == []
    with pytest.raises(NotFound, match="has no SMTP user"), runtime.begin() as tx:
        smtp_users.remove(tx, second, "ats")
    with runtime.begin() as tx:
        smtp_users.remove(tx, first, "ats")
        assert smtp_users.check_password(tx, "ats", "correct horse") is None
        assert smtp_users.check_password(tx, "mta", "correct horse") == first


def test_an_smtp_user_stays_with_its_company(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        first = companies.add(tx, COMPANY).id
        second = companies.add(tx, NewCompany(name="Other", sender_domains=("example.org",))).id
        smtp_users.add(tx, first, "mailer", "correct horse")
    for user, password in (("mailer", "battery staple"), ("new", "short"), ("with blank", "battery staple")):
        with pytest.raises(ConfigError), runtime.begin() as tx:
            smtp_users.add(tx, second, user, password)


def test_bypass_and_suspension_reach_running_processes(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
    versions = []
    for act in (
        lambda tx: companies.set_bypass(tx, company_id, on=True),
        lambda tx: companies.set_bypass(tx, None, on=True),
        lambda tx: companies.suspend(tx, company_id),
    ):
        with any_runtime.begin() as tx:
            act(tx)
        with any_runtime.read() as tx:
            versions.append(config_version(tx))
    assert versions == sorted(set(versions))
    with any_runtime.read() as tx:
        company = companies.get(tx, company_id)
        assert (company.bypass, company.suspended, companies.bypass_all(tx)) == (True, True, True)
    with any_runtime.begin() as tx:
        companies.set_bypass(tx, None, on=False)
        assert not companies.bypass_all(tx)
        assert not companies.suspend(tx, company_id, on=False).suspended


def test_an_unknown_company_is_not_found(runtime: Runtime) -> None:
    with pytest.raises(NotFound), runtime.read() as tx:
        companies.get(tx, 99)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ("192.0.2.7/24", "write 192.0.2.0/24 for all of it"),
        ("office", "is no network; write it as 192.0.2.0/24"),
        ("0.0.0.0/0", "open relay"),
    ],
)
def test_a_network_that_is_none_is_told_with_what_to_write(network: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        company_input.checked(replace(COMPANY, networks=(network,)))
    (line,) = caught.value.problems
    assert line.startswith(f"network: {network!r}" if "relay" not in says else "network")
    assert says in line


def test_a_domain_that_is_none_is_one_mistake(runtime: Runtime) -> None:
    with pytest.raises(ConfigError) as caught, runtime.begin() as tx:
        companies.add(tx, NewCompany(name="X", sender_domains=("ex ample",), recruiting_senders=("a@example.jp",)))
    assert caught.value.problems == ("sender domain: 'ex ample' is not a domain",)
