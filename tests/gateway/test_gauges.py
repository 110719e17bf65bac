"""What the mail path counts beyond the happy way: bounces, own mails, retries, queue age, disk, next hop."""

from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from core.clock import ManualClock
from core.runtime import Runtime
from gateway.store import gauges
from gateway.store.spool import directory_of
from tests.gateway.rig import HR, Gateway, add_company, message
from tests.gateway.sink import Sink
from tests.servers import free_port

#: More failures in a row than a next hop may have before it is left alone.
MANY = 12


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"careerrelay_{name}", labels) or 0.0


def test_a_bounce_is_counted_as_report_and_as_our_own_mail(runtime: Runtime) -> None:
    add_company(runtime)
    before = {
        "failed": value("deliveries_total", result="failed"),
        "report": value("reports_total", action="failed"),
        "taken": value("own_mails_total", state="taken"),
        "sent": value("own_mails_total", state="sent"),
    }
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(to="rcpt550.taro@example.com"), ("rcpt550.taro@example.com",))
        gateway.wait_for(lambda: any(HR in got.recipients for got in sink.got))
        gateway.wait_until_finished()
        gateway.wait_for(lambda: value("own_mails_total", state="sent") == before["sent"] + 1)
    assert value("deliveries_total", result="failed") == before["failed"] + 1
    assert value("reports_total", action="failed") == before["report"] + 1
    assert value("own_mails_total", state="taken") == before["taken"] + 1


def test_a_next_hop_that_is_away_shows(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    port = free_port()
    deferred = value("deliveries_total", result="deferred")
    with Gateway(runtime, port) as gateway:
        for _ in range(MANY):
            gateway.send(message())
        gateway.wait_for(lambda: value("next_hop_rests", hop=f"127.0.0.1:{port}") == 1)
        gateway.wait_for(lambda: value("deliveries_total", result="deferred") >= deferred + MANY)
        gateway.wait_for(lambda: all(each.state == "waiting" for each in gateway.deliveries()))
    clock.advance(7200)
    gauges.measure(runtime)
    assert sum(value("queue_mails", state=state) for state in ("received", "ready")) == MANY
    oldest_s = max(value("queue_state_oldest_seconds", state=state) for state in ("received", "ready"))
    assert oldest_s == pytest.approx(7200, abs=60)
    assert value("queue_oldest_seconds") == pytest.approx(7200, abs=60)


def test_the_spool_is_measured_and_an_empty_queue_is_zero(runtime: Runtime) -> None:
    directory = directory_of(runtime.settings)
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(3):
        Path(directory / f"{number}.eml").write_bytes(b"x" * 1000)
    gauges.measure(runtime)
    assert value("spool_bytes") == 3000
    assert value("disk_free_bytes") > 0
    assert value("queue_oldest_seconds") == 0
    assert value("queue_mails", state="ready") == 0
