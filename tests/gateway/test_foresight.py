"""A recipient is looked up while the client still sends; what happens until the dot is not overlooked."""

import threading
from collections.abc import Callable, Sequence

import pytest

from core.runtime import Runtime, Tx
from crm.invitation.standing import Asked, Standing, standings
from crm.suppression import suppress
from gateway import foresight
from gateway.judgement import judging
from tests.gateway import rig
from tests.gateway.sink import Sink

OTHER = "hanako@example.com"


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set whenever somebody was looked up."""
    done = threading.Event()

    def noted(tx: Tx, asked: Sequence[Asked]) -> list[Standing]:
        found = standings(tx, asked)
        done.set()
        return found

    monkeypatch.setattr(judging, "standings", noted)
    return done


def send_with_a_pause(
    gateway: rig.Gateway, recipients: list[str], looked_up: threading.Event, meanwhile: Callable[[], None]
) -> None:
    """Send a rejection; ``meanwhile`` happens between RCPT and DATA, once the first recipient was looked up."""
    looked_up.clear()
    with gateway.client() as client:
        client.ehlo("client.example.net")
        client.mail(rig.HR, ["BODY=8BITMIME"])
        for recipient in recipients:
            client.rcpt(recipient)
        assert looked_up.wait(10)
        meanwhile()
        assert client.data(rig.message(rig.REJECTION))[0] == 250


@pytest.mark.parametrize(("fresh_s", "links"), [(60.0, 0), (0.0, 1)])
def test_what_was_asked_lately_counts_and_what_is_old_is_asked_again(
    runtime: Runtime, looked_up: threading.Event, monkeypatch: pytest.MonkeyPatch, fresh_s: float, links: int
) -> None:
    monkeypatch.setattr(foresight, "FRESH_S", fresh_s)
    company = rig.add_company(runtime)
    rig.add_agency(runtime, company.id)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        send_with_a_pause(gateway, [rig.CANDIDATE], looked_up, lambda: rig.ats_says(runtime, company.id))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert len(rig.LINK.findall(got.raw)) == links


def test_who_opts_out_before_the_dot_gets_no_link(runtime: Runtime, looked_up: threading.Event) -> None:
    company = rig.rejecting_company(runtime)

    def opt_out() -> None:
        with runtime.begin() as tx:
            suppress(tx, company.id, rig.CANDIDATE)

    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        send_with_a_pause(gateway, [rig.CANDIDATE], looked_up, opt_out)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert not rig.LINK.findall(got.raw)


def test_whose_link_came_by_another_mail_before_the_dot_gets_the_same(
    runtime: Runtime, looked_up: threading.Event
) -> None:
    rig.rejecting_company(runtime)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:

        def send_another() -> None:
            gateway.send(rig.message(rig.REJECTION))
            sink.wait(1)

        send_with_a_pause(gateway, [rig.CANDIDATE], looked_up, send_another)
        first, second = sink.wait(2)
        gateway.wait_until_finished()
    assert rig.LINK.findall(first.raw) == rig.LINK.findall(second.raw) != []


def test_what_is_known_of_one_recipient_is_not_taken_for_another(runtime: Runtime, looked_up: threading.Event) -> None:
    """A session whose first mail was given up; and a mail for two, which is never edited."""
    company = rig.rejecting_company(runtime)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            for recipient in (OTHER, rig.CANDIDATE):
                client.rset()
                client.mail(rig.HR, ["BODY=8BITMIME"])
                client.rcpt(recipient)
            assert client.data(rig.message(rig.REJECTION))[0] == 250
        inside = f"saiyo@{company.sender_domains[0]}"
        send_with_a_pause(gateway, [rig.CANDIDATE, inside], looked_up, lambda: None)
        send_with_a_pause(gateway, [rig.CANDIDATE, OTHER], looked_up, lambda: None)
        sink.wait(4)
        gateway.wait_until_finished()
    links = sorted((got.recipients, len(rig.LINK.findall(got.raw))) for got in sink.got)
    assert links == sorted([((rig.CANDIDATE,), 1), ((rig.CANDIDATE,), 1), ((inside,), 0), ((rig.CANDIDATE, OTHER), 0)])
