"""A hundred real-looking mails through the gateway: what is not edited arrives identical but for one field on top."""

import csv
import email
import email.policy
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from crm import signals
from crm.signals import SignalRow
from rules.model import Mode, read_status
from tests.gateway.rig import Gateway, add_agency, add_company, with_settings, without_received
from tests.gateway.sink import Sink

MAILS = Path(__file__).parents[1] / "data" / "rejection-mails"


def sender_of(raw: bytes) -> str:
    """The address in From; every mail of the set has exactly one."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return str(message["From"].addresses[0].addr_spec)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.AUTO])
def test_what_is_not_edited_is_identical(runtime: Runtime, clock: ManualClock, mode: Mode) -> None:
    mails = {path.name: path.read_bytes() for path in sorted(MAILS.glob("*.eml"))}
    senders = sorted({sender_of(raw) for raw in mails.values()})
    domains = tuple(sorted({sender.partition("@")[2] for sender in senders}))
    company = add_company(runtime, mode=mode, sender_domains=domains, recruiting_senders=tuple(senders))
    add_agency(runtime, company.id)
    with (MAILS / "signals.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["in_ats"] == "1"]
    with with_settings(runtime).begin() as tx:
        for row in rows:
            status = read_status(row["ats_status"])
            signals.store(tx, company.id, SignalRow("test", f"{row['file'][:-4]}@example.com", status, tx.now))
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            for name, raw in mails.items():
                client.mail(sender_of(raw), ["BODY=8BITMIME"])
                client.rcpt(f"{name[:-4]}@example.com")
                code, reply = client.data(raw)
                assert code == 250, (name, reply)
        sink.wait(len(mails), 30)
        gateway.wait_until_finished()
        edited = {row.id for row in gateway.mails() if row.note == "edited"}
        verdicts = [row.verdict for row in gateway.mails()]
    assert all(verdict is not None for verdict in verdicts)
    by_name = {got.recipients[0].partition("@")[0]: got.raw for got in sink.got}
    assert len(sink.got) == len(by_name) == len(mails)
    for number, (name, raw) in enumerate(mails.items(), 1):
        body = without_received(by_name[name[:-4]])
        if number in edited:
            assert body != raw
            assert body.startswith(b"X-CareerRelay-Trace: ")
        else:
            assert body == raw, name
    assert bool(edited) is (mode is Mode.AUTO)
