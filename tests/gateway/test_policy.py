"""Who may relay, for whom, and whose mail is looked at (decisions 1, 2 and 4)."""

import pytest

from crm.registry.companies import CompanyView
from gateway import policy
from rules.model import Mode


def company(number: int, domains: str, networks: str = "", recruiting: str = "", **more: bool) -> CompanyView:
    return CompanyView(
        id=number,
        name=f"company {number}",
        mode=Mode.AUTO,
        hold_minutes=60,
        sender_domains=tuple(domains.split()),
        recruiting_senders=tuple(recruiting.split()),
        networks=tuple(networks.split()),
        next_hop=None,
        bypass=more.get("bypass", False),
        suspended=more.get("suspended", False),
        locale="ja",
        tone="neutral",
        mail_from=None,
        keep_passed_days=0,
        stamp=None,
        timezone="Asia/Tokyo",
    )


A = company(1, "a.example.jp .a.example.jp", "192.0.2.0/24 2001:db8::/32", "saiyo@a.example.jp @jobs.a.example.jp")
B = company(2, "b.example.jp", "192.0.2.64/26")
C = company(3, "c.example.jp sub.a.example.jp", "192.0.2.64/26")
ALL = (A, B, C)

OPEN_RELAY_MATRIX = [
    # peer, authenticated as, sender, (company, own) or None = 550 5.7.1
    ("192.0.2.1", None, "saiyo@a.example.jp", (1, True)),
    ("192.0.2.1", None, "x@deep.a.example.jp", (1, True)),
    ("192.0.2.1", None, "X@A.EXAMPLE.JP", (1, True)),
    ("192.0.2.1", None, "", (1, True)),
    ("192.0.2.1", None, "forwarded@example.org", (1, False)),
    ("192.0.2.1", None, "b@b.example.jp", (1, False)),  # B's domain, but A's network only
    ("192.0.2.70", None, "b@b.example.jp", (2, True)),  # the longer prefix belongs to B and C
    ("192.0.2.70", None, "c@c.example.jp", (3, True)),
    ("192.0.2.70", None, "saiyo@a.example.jp", None),  # not A's network any more, and B or C? nobody knows
    ("192.0.2.70", None, "", None),
    ("192.0.2.70", None, "x@example.org", None),
    ("192.0.2.70", 2, "b@b.example.jp", (2, True)),
    ("192.0.2.70", 2, "", (2, True)),
    ("2001:db8::1", None, "saiyo@a.example.jp", (1, True)),
    ("::ffff:192.0.2.1", None, "saiyo@a.example.jp", (1, True)),
    ("203.0.113.9", None, "saiyo@a.example.jp", None),  # the domain alone opens nothing
    ("203.0.113.9", None, "", None),
    ("203.0.113.9", None, "x@example.org", None),
    ("203.0.113.9", 1, "saiyo@a.example.jp", (1, True)),
    ("203.0.113.9", 1, "b@b.example.jp", (1, False)),  # a user speaks for his company only
    ("203.0.113.9", 1, "x@example.org", (1, False)),
    ("203.0.113.9", 99, "saiyo@a.example.jp", None),  # a company that is gone
    ("", None, "saiyo@a.example.jp", None),
    ("fe80::1%eth0", None, "saiyo@a.example.jp", None),
    ("127.0.0.1", None, "saiyo@a.example.jp", None),  # loopback is a network like any other
]


@pytest.mark.parametrize(("peer", "user_of", "sender", "expected"), OPEN_RELAY_MATRIX)
def test_only_networks_and_users_of_a_company_may_relay(
    peer: str, user_of: int | None, sender: str, expected: tuple[int, bool] | None
) -> None:
    found = policy.route(policy.admitted(ALL, peer, user_of), sender)
    assert (None if found is None else (found.company.id, found.own)) == expected


def test_an_exact_domain_beats_the_pattern_of_another_company() -> None:
    found = policy.route((A, C), "x@sub.a.example.jp")
    assert found is not None
    assert found.company is C


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("saiyo@a.example.jp", True),
        ("SAIYO@A.Example.JP", True),
        ("anybody@jobs.a.example.jp", True),
        ("anybody@x.jobs.a.example.jp", False),
        ("ceo@a.example.jp", False),
        ("saiyo@a.example.jp.evil.example", False),
        ("", False),
    ],
)
def test_only_recruiting_senders_are_looked_at(sender: str, expected: bool) -> None:
    assert policy.may_be_judged(A, True, sender, bypass_all=False) is expected


@pytest.mark.parametrize("switch", ["foreign", "bypass_all", "bypass", "suspended"])
def test_every_switch_keeps_a_mail_unread(switch: str) -> None:
    of = company(
        1, "a.example.jp", "", "saiyo@a.example.jp", **{switch: True} if switch in ("bypass", "suspended") else {}
    )
    assert not policy.may_be_judged(of, switch != "foreign", "saiyo@a.example.jp", bypass_all=switch == "bypass_all")


def test_without_recruiting_senders_nothing_is_decided() -> None:
    assert not policy.may_be_judged(B, True, "b@b.example.jp", bypass_all=False)


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        (["taro@example.com"], ("taro@example.com",)),
        (["taro@example.com", "boss@a.example.jp", "x@deep.a.example.jp"], ("taro@example.com",)),
        (["taro@example.com", "hanako@example.com"], ("taro@example.com", "hanako@example.com")),
        (["boss@a.example.jp"], ()),
    ],
)
def test_the_companys_own_people_do_not_count_as_recipients(recipients: list[str], expected: tuple[str, ...]) -> None:
    assert policy.external(A, recipients) == expected
