"""Mail in, mail out: real client, real server, real next hop, on both databases."""

import email
import email.policy
import re
import socket
from email.message import EmailMessage
from typing import cast

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from tests.gateway.rig import CANDIDATE, HR, Gateway, add_company, message, without_received
from tests.gateway.sink import EXTENSIONS, Got, Sink

FORWARDED = "someone@elsewhere.example.org"


def parsed(got: Got) -> EmailMessage:
    return email.message_from_bytes(got.raw, policy=email.policy.default)


def test_a_mail_arrives_with_one_field_on_top(any_runtime: Runtime) -> None:
    add_company(any_runtime)
    raw = message("one\r\n..two\r\n.\r\n\r\n")
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        queue_id = gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert (got.sender, got.recipients) == (HR, (CANDIDATE,))
    field = got.raw[: -len(raw)].decode()
    assert re.fullmatch(
        r"Received: from client\.example\.net \(\[127\.0\.0\.1\]\)\r\n"
        rf"\tby gateway\.example\.jp with ESMTP id {queue_id};\r\n\tSat, 21 Nov 2026 12:00:00 \+0900\r\n",
        field,
    )


def test_connections_to_the_next_hop_are_kept(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        for count in range(1, 6):
            gateway.send(message())
            sink.wait(count)
        gateway.wait_until_finished()
        assert sink.connections == 1


def test_each_recipient_has_its_own_fate(any_runtime: Runtime, clock: ManualClock) -> None:
    add_company(any_runtime)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(message(), ["good@example.com", "rcpt550.x@example.com", "rcpt450x1.y@example.com"])
        sink.wait(2)  # the good one, and the report about the refused one
        gateway.wait_for(lambda: [d.state for d in gateway.deliveries()[:3]] == ["sent", "failed", "waiting"])
        clock.advance(59)
        assert len(sink.wait(2)) == 2
        clock.advance(2)
        sink.wait(3)
        gateway.wait_until_finished()
    assert [len(sink.to(address)) for address in ("good@example.com", "rcpt450x1.y@example.com", HR)] == [1, 1, 1]
    assert [mail.state for mail in gateway.mails()] == ["done", "done"]


@pytest.mark.parametrize(
    ("recipient", "copies"),
    [("data451x2.a@example.com", 1), ("dropmidx1.a@example.com", 1), ("dropx1.a@example.com", 2)],
)
def test_what_fails_for_a_time_is_tried_again(
    runtime: Runtime, clock: ManualClock, recipient: str, copies: int
) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port, RELAY__RETRY_S="10,20") as gateway:
        gateway.send(message(), [recipient])
        for tries in (1, 2):
            gateway.wait_for(lambda tries=tries: _settled(gateway, tries))
            clock.advance(25)
        gateway.wait_until_finished()
    assert len(sink.to(recipient)) == copies


def _settled(gateway: Gateway, tries: int) -> bool:
    first = gateway.deliveries()[0]
    return bool(first.state == "sent" or (first.state == "waiting" and first.tries >= tries))


def test_a_connection_that_died_while_idle_costs_no_attempt(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message())
        sink.wait(1)
        gateway.wait_until_finished()
        sink.hang_up()
        gateway.send(message())
        sink.wait(2)
        gateway.wait_until_finished()
        assert [d.tries for d in gateway.deliveries()] == [1, 1]


def test_a_lost_answer_to_the_dot_is_not_followed_by_a_copy_at_once(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message())
        sink.wait(1)
        gateway.wait_until_finished()
        gateway.send(message(), ["dropx1.a@example.com"])  # over the kept connection, which may drop for other reasons
        gateway.wait_for(lambda: gateway.deliveries()[1].state == "waiting")
        assert (gateway.deliveries()[1].status, gateway.deliveries()[1].tries) == ("4.4.2", 1)
        assert len(sink.got) == 2


def test_a_companys_stamp_stands_on_every_mail_of_its_own(runtime: Runtime) -> None:
    add_company(runtime, stamp="X-Gateway-Stamp: 7c0e")
    raw = message()
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
    assert without_received(got.raw) == b"X-Gateway-Stamp: 7c0e\r\n" + raw


def test_a_next_hop_that_is_down_keeps_the_mail_waiting(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with Gateway(runtime, port) as gateway:
        gateway.send(message())
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        first = gateway.deliveries()[0]
        assert (first.status, first.code) == ("4.4.1", 451)
        with Sink(port=port) as sink:
            clock.advance(61)
            sink.wait(1)
            gateway.wait_until_finished()


def test_a_refusal_is_reported_to_the_sender(runtime: Runtime) -> None:
    add_company(runtime)
    raw = message("秘密の本文\r\n", subject="report me")
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, ["rcpt550.x@example.com"])
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert (got.sender, got.recipients) == ("", (HR,))
    report = parsed(got)
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["Auto-Submitted"] == "auto-replied"
    assert report["To"] == HR
    text, status, header = report.iter_parts()
    assert "rcpt550.x@example.com" in text.get_content()
    per_mail, per_recipient = cast("list[EmailMessage]", status.get_payload())
    assert per_mail["Reporting-MTA"] == "dns; gateway.example.jp"
    assert per_recipient["Final-Recipient"] == "rfc822; rcpt550.x@example.com"
    assert (per_recipient["Action"], per_recipient["Status"]) == ("failed", "5.1.1")
    assert "550" in per_recipient["Diagnostic-Code"]
    assert header.get_content_type() == "text/rfc822-headers"
    assert b"Subject: report me" in got.raw
    assert "秘密".encode() not in got.raw


@pytest.mark.parametrize(
    ("sender", "params", "reports"),
    [
        ("", {}, 0),
        (HR, {"NOTIFY": "NEVER"}, 0),
        (HR, {"NOTIFY": "DELAY"}, 0),
        (HR, {"NOTIFY": "SUCCESS,FAILURE"}, 1),
        (FORWARDED, {}, 1),
    ],
)
def test_reports_go_only_where_they_are_wanted(
    runtime: Runtime, sender: str, params: dict[str, str], reports: int
) -> None:
    add_company(runtime)
    words = " ".join(f"{name}={value}" for name, value in params.items())
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            client.docmd(f"MAIL FROM:<{sender}>")
            assert client.docmd(f"RCPT TO:<rcpt550.x@example.com> {words}")[0] == 250
            assert client.data(message())[0] == 250
        gateway.wait_until_finished()
        gateway.send(message())  # overtakes nothing: whatever was to come has come with it
        sink.wait(reports + 1)
        gateway.wait_until_finished()
    assert len(sink.got) == reports + 1


def test_delay_is_told_once_and_the_end_is_reported(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    settings = {"RELAY__RETRY_S": "3600", "RELAY__DELAY_NOTICE_S": "5400", "RELAY__GIVE_UP_S": "12600"}
    with Sink() as sink, Gateway(runtime, sink.port, **settings) as gateway:
        gateway.send(message(), ["rcpt450.x@example.com"])
        for tries in (1, 2, 3, 4):
            gateway.wait_for(lambda tries=tries: gateway.deliveries()[0].tries == tries)
            gateway.wait_for(lambda: gateway.deliveries()[0].state != "sending")
            clock.advance(3600)
        gateway.wait_until_finished()
        sink.wait(2)
    actions = [re.findall(rb"(?m)^Action: (\w+)", got.raw) for got in sink.to(HR)]
    assert actions == [[b"delayed"], [b"failed"]]
    assert b"Will-Retry-Until: Sat, 21 Nov 2026 15:30:00 +0900" in sink.to(HR)[0].raw


def test_parameters_reach_the_next_hop_as_they_were_spelled(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway, gateway.client() as client:
        client.ehlo("client.example.net")
        client.docmd(f"MAIL FROM:<{HR}> BODY=8BITMIME RET=HDRS ENVID=AbC+2BdE SMTPUTF8 AUTH=<>")
        client.docmd("RCPT TO:<太郎@example.com> NOTIFY=success,Delay ORCPT=rfc822;Ta+2BRo@example.com")
        code, reply = client.data(message())
        assert code == 250, reply
        (got,) = sink.wait(1)
    words = got.mail.split()
    assert words[0:2] == ["MAIL", f"FROM:<{HR}>"]
    assert {"BODY=8BITMIME", "RET=HDRS", "ENVID=AbC+2BdE", "SMTPUTF8"} <= set(words)
    assert not any(word.startswith("AUTH=") for word in words)
    assert f"SIZE={len(got.raw)}" in words
    assert got.rcpts == ("RCPT TO:<太郎@example.com> NOTIFY=success,Delay ORCPT=rfc822;Ta+2BRo@example.com",)


def test_a_report_to_an_international_address_asks_for_smtputf8(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway, gateway.client() as client:
        client.ehlo("client.example.net")
        client.docmd("MAIL FROM:<人事@elsewhere.example.org> SMTPUTF8")
        client.docmd("RCPT TO:<rcpt550.x@example.com>")
        code, reply = client.data(message())
        assert code == 250, reply
        (got,) = sink.wait(1)
    assert got.mail.startswith("MAIL FROM:<> ")
    assert "SMTPUTF8" in got.mail.split()
    assert got.recipients == ("人事@elsewhere.example.org",)


def test_a_next_hop_without_extensions_gets_plain_smtp(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink(extensions=("HELP",)) as sink, Gateway(runtime, sink.port) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            client.docmd(f"MAIL FROM:<{HR}> BODY=8BITMIME RET=FULL")
            client.docmd(f"RCPT TO:<{CANDIDATE}> NOTIFY=SUCCESS")
            raw = message("日本語\r\n")
            assert client.data(raw)[0] == 250
        got, report = sink.wait(2)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert (got.mail, got.rcpts) == (f"MAIL FROM:<{HR}>", (f"RCPT TO:<{CANDIDATE}>",))
    assert b"Action: relayed" in report.raw  # RFC 3461 5.2.2: the next hop will report nothing


@pytest.mark.parametrize(
    ("extensions", "env", "mail_words", "recipient", "status"),
    [
        (("SIZE 500",), {}, "", CANDIDATE, "5.3.4"),
        (("PIPELINING",), {"RELAY__ASSUME_8BIT": "false"}, "BODY=8BITMIME", CANDIDATE, "5.6.3"),
        (("8BITMIME",), {}, "SMTPUTF8", "太郎@example.com", "5.6.7"),
    ],
)
def test_what_the_next_hop_cannot_take_is_returned_unchanged(
    runtime: Runtime, extensions: tuple[str, ...], env: dict[str, str], mail_words: str, recipient: str, status: str
) -> None:
    add_company(runtime)
    with Sink(extensions=extensions) as sink, Gateway(runtime, sink.port, **env) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            client.docmd(f"MAIL FROM:<{HR}> {mail_words}")
            client.docmd(f"RCPT TO:<{recipient}>")
            assert client.data(message("漢字" * 200 + "\r\n"))[0] == 250
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "failed")
    assert gateway.deliveries()[0].status == status
    assert not sink.to(recipient)


def test_a_large_mail_waits_in_a_file_that_goes_with_it(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    spool = runtime.settings.home / "spool"
    line = "あ" * 25 + "\r\n"
    raw = message(line + ".dot\r\n" + line * 20_000)
    with Sink() as sink, Gateway(runtime, sink.port, SPOOL__INLINE_BYTES_MAX="100000") as gateway:
        gateway.send(raw, ["dropmidx1.b@example.com"])
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        (row,) = gateway.mails()
        assert row.raw is None
        assert [str(path) for path in spool.iterdir()] == [row.body_path]
        assert spool.joinpath(row.body_path).read_bytes() == raw
        clock.advance(61)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
        gateway.wait_for(lambda: not list(spool.iterdir()))
    assert without_received(got.raw) == raw


@pytest.mark.parametrize("extensions", [EXTENSIONS, EXTENSIONS[1:]])
def test_a_250_to_data_is_not_a_delivery(runtime: Runtime, clock: ManualClock, extensions: tuple[str, ...]) -> None:
    add_company(runtime)
    with Sink(extensions=extensions) as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(), ["go250x1.a@example.com"])
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        assert not sink.got
        clock.advance(61)
        sink.wait(1)
        gateway.wait_until_finished()
        assert sink.connections == 2  # one that is out of step is not used again


def test_a_thousand_recipients_share_a_few_transactions(runtime: Runtime) -> None:
    add_company(runtime)
    everybody = [f"r{number}@example.com" for number in range(1001)]
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            client.mail(HR)
            replies = [client.rcpt(address) for address in everybody]
            assert [code for code, _ in replies[:1000]] == [250] * 1000
            assert replies[1000] == (452, b"4.5.3 too many recipients")
            assert client.data(message())[0] == 250
        sink.wait(10)
        gateway.wait_until_finished()
    assert sorted(address for got in sink.got for address in got.recipients) == sorted(everybody[:1000])
    assert len(sink.got) == 10
