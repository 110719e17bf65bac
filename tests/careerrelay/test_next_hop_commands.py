"""Commands about next hops: try one, give a company its certificate, move what waits for one that is down."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from careerrelay.commands.queue import OPEN_STATES, STATES
from core.setting_sources import load
from gateway.tables import UNFINISHED_MAIL, MailState
from tests.careerrelay.command_line import Installation, add_company
from tests.careerrelay.running import Running, eventually, serving
from tests.gateway.authority import Authority
from tests.gateway.chaos_hop import Hop, Hops
from tests.servers import free_port


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    directory = tmp_path / "ca"
    directory.mkdir()
    return Authority(directory)


def tried(installation: Installation, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit status and steps by name."""
    result = installation.run("test-next-hop", "--json", *arguments)
    return result.exit_code, {step["step"]: step for step in json.loads(result.stdout)}


@pytest.fixture
def good(authority: Authority) -> Iterator[Hop]:
    hop = Hop(tls=authority.server_context(authority.issue("mx")), users=("relay",))
    with Hops(hop):
        yield hop


def installation_for(home: Path, hop: Hop, authority: Authority, **more: str) -> Installation:
    given = {
        "RELAY__NEXT_HOP": f"smtp+starttls://relay@127.0.0.1:{hop.port}",
        "RELAY__PASSWORD": "secret",
        "RELAY__TLS_CA": str(authority.file),
        "RELAY__CONNECT_TIMEOUT_S": "2",
    }
    return Installation(home, **(given | more))


def test_a_good_next_hop_shows_certificate_user_and_what_it_can(
    tmp_path: Path, good: Hop, authority: Authority
) -> None:
    status, steps = tried(installation_for(tmp_path / "home", good, authority))
    assert (status, list(steps)) == (0, ["connect", "STARTTLS", "extensions", "AUTH"])
    assert "verified: subject CN=mx, issuer CN=Example Private CA, expires " in steps["STARTTLS"]["detail"]
    assert "AUTH PLAIN LOGIN, DSN" in steps["extensions"]["detail"]
    assert steps["extensions"]["notes"] == []
    assert steps["AUTH"]["detail"] == "signed in as relay"
    assert good.got == []


def test_what_is_missing_is_said_in_plain_words(tmp_path: Path, good: Hop, authority: Authority) -> None:
    good.extensions = ("SIZE 1000",)
    installation = installation_for(tmp_path / "home", good, authority)
    lines = installation.good("test-next-hop").splitlines()
    for name in ("8BITMIME", "SMTPUTF8", "DSN", "PIPELINING"):
        assert any(line.strip().startswith(f"no {name}: ") for line in lines)
    size = load().smtp.message_bytes_max
    assert any(f"SIZE 1000 is smaller than ours ({size})" in line for line in lines)


def test_a_mail_is_sent_only_when_asked_for(tmp_path: Path, good: Hop, authority: Authority) -> None:
    installation = installation_for(tmp_path / "home", good, authority)
    status, steps = tried(installation, "--send", "it@example.jp", "me@example.com")
    assert (status, steps["mail"]["detail"]) == (0, "taken for me@example.com")
    (taken,) = good.got
    assert (taken.sender, taken.recipients) == ("it@example.jp", ("me@example.com",))
    assert b"\r\nSubject: CareerRelay Gateway: test of the next hop\r\n" in taken.raw
    good.fault = "rcpt 550"
    status, steps = tried(installation, "--send", "it@example.jp", "me@example.com")
    assert (status, steps["mail"]["ok"], steps["mail"]["detail"]) == (1, False, "550 5.7.1 not you")
    assert "is not a mail address" in installation.refused("test-next-hop", "--send", "it", "me@example.com")[0]


@pytest.mark.parametrize(
    ("fault", "env", "step", "detail"),
    [
        ("greet 554", {}, "connect", "554"),
        ("greet hang", {}, "connect", "timed out"),
        ("starttls none", {}, "STARTTLS", "not supported"),
        ("starttls 454", {}, "STARTTLS", "454"),
        ("auth 535", {}, "AUTH", "535 5.7.8 no"),
        ("", {"RELAY__TLS_CA": ""}, "STARTTLS", "does not verify"),
    ],
)
def test_the_step_that_fails_is_named(
    tmp_path: Path, good: Hop, authority: Authority, fault: str, env: dict[str, str], step: str, detail: str
) -> None:
    good.fault = fault
    status, steps = tried(installation_for(tmp_path / "home", good, authority, **env))
    assert (status, steps[step]["ok"]) == (1, False)
    assert detail in steps[step]["detail"]
    assert not any("AUTH" in command for command in good.commands) or fault == "auth 535"
    if env:  # which certificate it is that nobody trusts, and what to do about it
        assert "issuer CN=Example Private CA" in steps["certificate"]["detail"]
        assert "RELAY__TLS_CA" in steps["certificate"]["notes"][0]


def test_a_company_gets_a_certificate_and_shows_it(tmp_path: Path, authority: Authority) -> None:
    hop = Hop(tls=authority.server_context(authority.issue("mx"), wants_client=True))
    with Hops(hop):
        installation = installation_for(tmp_path / "home", hop, authority)
        cert, key = map(str, authority.issue("kigyo", ends_days=9))
        url = ("--next-hop", f"smtp+starttls://127.0.0.1:{hop.port}")
        number = str(add_company(installation, *url))
        assert tried(installation, "--company", number)[0] == 1
        changed = installation.json("company", "set", number, "--client-cert", cert, "--client-key", key)
        until = datetime.fromisoformat(changed["client_cert_expires_at"])
        assert (until - datetime.now(UTC)).days == 8
        status, steps = tried(installation, "--company", number)
        assert status == 0
        assert "our client certificate was offered: subject CN=kigyo" in steps["STARTTLS"]["notes"][0]
        listed = installation.good("company", "list", "--json")
        assert changed["client_cert_sha256"] in listed
        assert "PRIVATE" not in listed
        assert installation.run("company", "set", number, "--client-cert", cert).exit_code == 2
        other = str(authority.issue("other")[1])
        (line,) = installation.refused("company", "set", number, "--client-cert", cert, "--client-key", other)
        assert "does not belong" in line
        installation.good("company", "set", number, "--no-client-cert")
        assert tried(installation, "--company", number)[0] == 1


def test_a_file_that_holds_no_authority_is_one_line(tmp_path: Path, authority: Authority) -> None:
    wrong = authority.issue("mx")[1]
    (line,) = Installation(tmp_path / "home", RELAY__TLS_CA=str(wrong)).refused("check-config")
    assert line == f"careerrelay: CAREERRELAY_RELAY__TLS_CA: {wrong} holds no PEM certificate of a CA"
    (line,) = Installation(tmp_path / "home", RELAY__TLS_CA=str(tmp_path / "nothing")).refused("check-config")
    assert "CAREERRELAY_RELAY__TLS_CA: cannot read" in line


def test_a_company_is_added_with_its_certificate_or_not_at_all(tmp_path: Path, authority: Authority) -> None:
    installation = Installation(tmp_path / "home", RELAY__NEXT_HOP="smtps://mx.example.net")
    cert, key = map(str, authority.issue("kigyo"))
    arguments = ("company", "add", "--name", "Example", "--sender-domain", "example.co.jp")
    wrong = str(authority.issue("other")[1])
    assert "does not belong" in installation.refused(*arguments, "--client-cert", cert, "--client-key", wrong)[0]
    assert installation.json("company", "list") == []
    installation.good(*arguments, "--client-cert", cert, "--client-key", key)
    assert installation.json("company", "list")[0]["client_cert_sha256"]


def test_a_companys_password_is_read_from_standard_input(tmp_path: Path) -> None:
    hop = Hop(users=("relay",))
    with Hops(hop):
        installation = Installation(tmp_path / "home", RELAY__PASSWORD="ours")
        number = str(add_company(installation, "--next-hop", f"smtp://relay@127.0.0.1:{hop.port}"))
        installation.good("company", "next-hop-password", number, text="theirs\n")
        assert tried(installation, "--company", number, "--send", "it@example.jp", "me@example.com")[0] == 0
        assert hop.got[0].user == "relay:theirs"
        assert "theirs" not in installation.good("company", "list", "--json")
        installation.good("company", "next-hop-password", number, text="\n")
        tried(installation, "--company", number, "--send", "it@example.jp", "me@example.com")
        assert hop.got[1].user == "relay:"  # never the installation's


# --- the queue of a next hop that is down ---


def test_the_words_of_the_command_line_are_those_of_the_table() -> None:
    assert tuple(state.value for state in MailState) == STATES
    assert tuple(state.value for state in UNFINISHED_MAIL) == OPEN_STATES


def test_mails_for_a_dead_next_hop_are_moved_all_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "home", RELAY__RETRY_S="3600") as (running, sink):
        installation = Installation(
            tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", SMTP__HOSTNAME="gateway.example.jp"
        )
        installation.good("company", "set", "1", "--next-hop", f"smtp://127.0.0.1:{free_port()}")
        assert eventually(lambda: stays_in_the_queue(installation, running))
        delivered, waiting = len(sink.mails()), len(installation.json("queue", "list"))
        for number in range(3):
            running.send(number)
        everybody = waiting + 3
        assert eventually(lambda: tried_and_waiting(installation) == everybody)

        assert installation.json("queue", "hold", "--company", "2") == {"count": 0, "result": "stopped"}
        assert installation.json("queue", "hold", "--state", "held") == {"count": 0, "result": "stopped"}
        assert installation.json("queue", "hold", "--company", "1") == {"count": everybody, "result": "stopped"}
        assert installation.json("queue", "retry", "--all") == {"count": 0, "result": "due now"}
        before = tries(installation)
        assert installation.json("queue", "release", "--all") == {"count": everybody, "result": "released"}
        assert eventually(lambda: all(now > once for now, once in zip(tries(installation), before, strict=True)))
        assert eventually(lambda: tried_and_waiting(installation) == everybody)
        shown = installation.good("queue", "show", str(installation.json("queue", "list")[0]["id"]))
        assert "451 4.4.1" in shown

        newest, second = (str(line["id"]) for line in installation.json("queue", "list", "--limit", "2"))
        installation.good("queue", "delete", newest, second)
        assert installation.json("queue", "list", "--state", "cancelled")[0]["id"] == int(newest)
        refused = installation.run("queue", "delete", "--all", text="n\n")
        assert (refused.exit_code, f"throw {everybody - 2} mails away" in refused.stderr) == (1, True)

        installation.good("company", "set", "1", "--next-hop", f"smtp://127.0.0.1:{sink.port}")
        assert eventually(lambda: retried(installation) == everybody - 2)
        assert eventually(lambda: installation.json("queue", "list") == [])
        assert len(sink.mails()) == delivered + everybody - 2
        assert installation.json("queue", "delete", "--all", "--yes") == {"count": 0, "result": "deleted"}
        for wrong in (("retry",), ("retry", "1", "--all"), ("hold", "--state", "done")):
            assert installation.run("queue", *wrong).exit_code == 2


def stays_in_the_queue(installation: Installation, running: Running) -> bool:
    """Has the new next hop taken effect? A mail sent now is tried and waits."""
    running.send(99)
    return eventually(lambda: tried_and_waiting(installation) > 0, 1.0)


def retried(installation: Installation) -> int:
    return int(installation.json("queue", "retry", "--all")["count"])


def tried_and_waiting(installation: Installation) -> int:
    lines = installation.json("queue", "list")
    return sum(line["tries"] > 0 and line["next_try_at"] is not None for line in lines)


def tries(installation: Installation) -> list[int]:
    return [line["tries"] for line in installation.json("queue", "list")]
