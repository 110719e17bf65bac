"""A recipient is looked up while the client still sends; what happens until the dot is not overlooked."""

from collections.abc import Callable

import pytest

from core.runtime import Runtime
from crm.suppression import suppress
from gateway import foresight
from tests.gateway.rig import (
    CANDIDATE,
    HR,
    REJECTION,
    Gateway,
    add_agency,
    add_company,
    ats_says,
    message,
    rejecting_company,
)
from tests.gateway.sink import Sink
from tests.gateway.test_judging import LINK

OTHER = "hanako@example.com"


def send_with_a_pause(gateway: Gateway, recipients: list[str], meanwhile: Callable[[], None]) -> None:
    """Send a rejection; ``meanwhile`` happens between RCPT and DATA, once the recipient was looked up."""
    with gateway.client() as client:
        client.ehlo("client.example.net")
        client.mail(HR, ["BODY=8BITMIME"])
        for recipient in recipients:
            client.rcpt(recipient)
        for _ in range(20):  # each a turn of the gateway's loop, in which it looks up, too
            client.noop()
        meanwhile()
        assert client.data(message(REJECTION))[0] == 250


@pytest.mark.parametrize(("fresh_s", "links"), [(60.0, 0), (0.0, 1)])
def test_what_was_asked_lately_counts_and_what_is_old_is_asked_again(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, fresh_s: float, links: int
) -> None:
    monkeypatch.setattr(foresight, "FRESH_S", fresh_s)
    company = add_company(runtime)
    add_agency(runtime, company.id)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        send_with_a_pause(gateway, [CANDIDATE], lambda: ats_says(runtime, company.id))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert len(LINK.findall(got.raw)) == links


def test_who_opts_out_before_the_dot_gets_no_link(runtime: Runtime) -> None:
    company = rejecting_company(runtime)

    def opt_out() -> None:
        with runtime.begin() as tx:
            suppress(tx, company.id, CANDIDATE)

    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        send_with_a_pause(gateway, [CANDIDATE], opt_out)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert not LINK.findall(got.raw)


def test_whose_link_came_by_another_mail_before_the_dot_gets_the_same(runtime: Runtime) -> None:
    rejecting_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:

        def send_another() -> None:
            gateway.send(message(REJECTION))
            sink.wait(1)

        send_with_a_pause(gateway, [CANDIDATE], send_another)
        first, second = sink.wait(2)
        gateway.wait_until_finished()
    assert LINK.findall(first.raw) == LINK.findall(second.raw) != []


def test_what_is_known_of_one_recipient_is_not_taken_for_another(runtime: Runtime) -> None:
    """A session whose first mail was given up; and a mail for two, which is never edited."""
    company = rejecting_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        with gateway.client() as client:
            client.ehlo("client.example.net")
            for recipient in (OTHER, CANDIDATE):
                client.rset()
                client.mail(HR, ["BODY=8BITMIME"])
                client.rcpt(recipient)
            assert client.data(message(REJECTION))[0] == 250
        send_with_a_pause(gateway, [CANDIDATE, f"saiyo@{company.sender_domains[0]}"], lambda: None)
        send_with_a_pause(gateway, [CANDIDATE, OTHER], lambda: None)
        sink.wait(4)
        gateway.wait_until_finished()
    links = {got.recipients: len(LINK.findall(got.raw)) for got in sink.got}
    assert links == {(CANDIDATE,): 1, (f"saiyo@{company.sender_domains[0]}",): 0, (CANDIDATE, OTHER): 0}
