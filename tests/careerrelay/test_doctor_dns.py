"""SPF and DMARC as the doctor reads them, against a name server on loopback."""

from collections.abc import Iterator

import pytest

from careerrelay.doctor import dmarc, spf
from careerrelay.doctor.spf import Answer
from core.errors import Temporary
from core.resolver import SILENCES_MAX, Resolver
from core.setting_sources import load
from tests.nameserver import NameServer, name_server, txt
from tests.servers import free_port

HOP = "203.0.113.25"
HOP6 = "2001:db8::25"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server() as running:
        yield running


def resolver_of(address: str, timeout_s: str = "2") -> Resolver:
    return Resolver(load(env={"CAREERRELAY_DNS__NAMESERVERS": address, "CAREERRELAY_DNS__TIMEOUT_S": timeout_s}))


ZONE = {
    ("example.jp", "A"): [HOP],
    ("mail.example.jp", "A"): [HOP],
    ("mail.example.jp", "AAAA"): [HOP6],
    ("example.jp", "MX"): ["20 nowhere.example.jp.", "10 mail.example.jp."],
    ("near.example.jp", "A"): ["203.0.113.7"],
    ("_spf.example.net", "TXT"): [txt(f"v=spf1 ip4:{HOP}/28 -all")],
    ("_none.example.net", "TXT"): [txt("v=spf1 -all")],
    ("_loop.example.net", "TXT"): [txt("v=spf1 include:_loop.example.net -all")],
}


@pytest.mark.parametrize(
    ("record", "address", "expected"),
    [
        (f"v=spf1 ip4:{HOP} -all", HOP, Answer.YES),
        ("v=spf1 ip4:203.0.113.0/24 -all", HOP, Answer.YES),
        ("v=spf1 ip4:192.0.2.1 -all", HOP, Answer.NO),
        ("v=spf1 ip6:2001:db8::/32 -all", HOP6, Answer.YES),
        ("v=spf1 ip6:2001:db8::/32 -all", HOP, Answer.NO),
        ("v=spf1 a -all", HOP, Answer.YES),
        ("v=spf1 a:near.example.jp/27 -all", HOP, Answer.YES),
        ("v=spf1 a:near.example.jp -all", HOP, Answer.NO),
        ("v=spf1 a:mail.example.jp//64 -all", HOP6, Answer.YES),
        ("v=spf1 mx -all", HOP, Answer.YES),
        ("v=spf1 include:_spf.example.net ~all", HOP, Answer.YES),
        ("v=spf1 include:_none.example.net ~all", HOP, Answer.NO),
        ("v=spf1 redirect=_spf.example.net", HOP, Answer.YES),
        ("v=spf1 redirect=_none.example.net", HOP, Answer.NO),
        (f"v=spf1 -ip4:{HOP} +all", HOP, Answer.NO),
        ("v=spf1 ?all", HOP, Answer.NO),
        ("v=spf1 exists:%{i}.example.net -all", HOP, Answer.PERHAPS),
        ("v=spf1 include:_loop.example.net -all", HOP, Answer.BROKEN),
        ("v=spf1 exp=why.example.jp unknown:thing ip4:nonsense -all", HOP, Answer.NO),
        ("v=spf1", HOP, Answer.NO),
    ],
)
def test_what_a_record_says_about_an_address(server: NameServer, record: str, address: str, expected: Answer) -> None:
    server.zone.update(ZONE)
    assert spf.names(resolver_of(server.address), "example.jp", record, address) is expected


def test_only_spf_records_count_and_long_ones_are_joined(server: NameServer) -> None:
    long = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(30)) + f" ip4:{HOP} -all"
    server.zone["example.jp", "TXT"] = [txt("v=spf10 no"), txt(long), txt("verification=1")]
    resolver = resolver_of(server.address)
    assert spf.records(resolver, "example.jp") == [long]
    assert spf.names(resolver, "example.jp", long, HOP) is Answer.YES
    assert spf.records(resolver, "other.example.jp") == []


@pytest.mark.parametrize(
    ("zone", "domain", "expected"),
    [
        ({}, "example.jp", None),
        ({"_dmarc.example.jp": "v=DMARC1; p=none"}, "example.jp", ("example.jp", "none", False)),
        ({"_dmarc.example.jp": "v=DMARC1;p=reject; adkim=s"}, "example.jp", ("example.jp", "reject", True)),
        ({"_dmarc.example.jp": "v=DMARC1; p=reject"}, "jobs.example.jp", ("example.jp", "reject", False)),
        ({"_dmarc.example.jp": "v=DMARC1; p=reject; sp=none"}, "jobs.example.jp", ("example.jp", "none", False)),
        ({"_dmarc.jp": "v=DMARC1; p=reject"}, "example.jp", None),
        ({"_dmarc.example.jp": "something else"}, "example.jp", None),
    ],
)
def test_the_policy_that_holds_for_a_domain(
    server: NameServer, zone: dict[str, str], domain: str, expected: tuple[str, str, bool] | None
) -> None:
    for name, record in zone.items():
        server.zone[name, "TXT"] = [txt(record)]
    found = dmarc.policy_of(resolver_of(server.address), domain)
    assert (None if found is None else (found.found_at, found.policy, found.strict_dkim)) == expected


def test_two_dmarc_records_count_as_none(server: NameServer) -> None:
    server.zone["_dmarc.example.jp", "TXT"] = [txt("v=DMARC1; p=reject"), txt("v=DMARC1; p=none")]
    assert dmarc.policy_of(resolver_of(server.address), "example.jp") is None


def test_a_silent_name_server_is_temporary_and_not_asked_for_ever(server: NameServer) -> None:
    resolver = resolver_of(f"127.0.0.1:{free_port()}", timeout_s="0.1")
    for _ in range(SILENCES_MAX):
        with pytest.raises(Temporary, match=r"example\.jp: "):
            resolver.txt("example.jp")
    with pytest.raises(Temporary, match="any more"):
        resolver.txt("example.jp")


def test_an_impossible_name_is_no_crash(server: NameServer) -> None:
    with pytest.raises(Temporary):
        resolver_of(server.address).txt("a" * 64 + "..example.jp")
