"""`careerrelay agency webhook`: where an agency's server takes events, what became of each, and sending one again."""

from dataclasses import asdict
from typing import Any

import click

from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, table
from core.errors import NotFound
from crm.agency import agency_events, webhooks
from crm.agency.agency_events import Event

LISTED = 50


@click.group()
def webhook() -> None:
    """An agency's webhook (Standard Webhooks): address, secret, deliveries."""


@webhook.command("set")
@click.argument("agency_id", type=ID, metavar="AGENCY")
@click.argument("url")
@json_option
@pass_front
def set_(front: Front, agency_id: int, url: str, as_json: bool) -> None:
    """Set or change the address. A new webhook's secret is printed once."""
    with front.runtime() as runtime, runtime.begin() as tx:
        secret = webhooks.put(tx, agency_id, url, actor=ACTOR)
    _emit_secret(as_json, agency_id, secret, "webhook set")


@webhook.command()
@click.argument("agency_id", type=ID, metavar="AGENCY")
@json_option
@pass_front
def rotate(front: Front, agency_id: int, as_json: bool) -> None:
    """Make a new secret; for 7 days the old one signs beside it."""
    with front.runtime() as runtime, runtime.begin() as tx:
        secret = webhooks.rotate(tx, agency_id, actor=ACTOR)
    _emit_secret(as_json, agency_id, secret, "secret replaced; the old one signs for 7 more days")


@webhook.command()
@click.argument("agency_id", type=ID, metavar="AGENCY")
@json_option
@pass_front
def show(front: Front, agency_id: int, as_json: bool) -> None:
    """Show the address and the last events with what became of them."""
    with front.runtime() as runtime, runtime.read() as tx:
        view, events = webhooks.get(tx, agency_id), agency_events.latest(tx, agency_id, LISTED)
    if view is None:
        raise NotFound(f"agency {agency_id} has no webhook")
    rows = [(one.id, one.seq, one.type.value, one.delivery.value, one.tries, one.result) for one in events]
    state = "stopped (410 Gone)" if view.stopped else "on"
    lines = table(("event", "seq", "type", "delivery", "tries", "result"), rows)
    emit(as_json, asdict(view) | {"events": [_plain(one) for one in events]}, f"{view.url}: {state}", *lines)


@webhook.command()
@click.argument("agency_id", type=ID, metavar="AGENCY")
@json_option
@pass_front
def test(front: Front, agency_id: int, as_json: bool) -> None:
    """Send an event that is about nobody; `show` says what became of it."""
    with front.runtime() as runtime, runtime.begin() as tx:
        event = webhooks.send_test(tx, agency_id, actor=ACTOR)
    emit(as_json, _plain(event), f"event {event.id} is on its way")


@webhook.command()
@click.argument("agency_id", type=ID, metavar="AGENCY")
@click.argument("event_id", metavar="EVENT")
@json_option
@pass_front
def resend(front: Front, agency_id: int, event_id: str, as_json: bool) -> None:
    """Send one event again, from the first attempt on; consent is asked as ever."""
    with front.runtime() as runtime, runtime.begin() as tx:
        event = webhooks.resend(tx, agency_id, event_id, actor=ACTOR)
    emit(as_json, _plain(event), f"event {event.id} is on its way again")


@webhook.command()
@click.argument("agency_id", type=ID, metavar="AGENCY")
@json_option
@pass_front
def remove(front: Front, agency_id: int, as_json: bool) -> None:
    """Take the webhook away; what waits stays in the event feed."""
    with front.runtime() as runtime, runtime.begin() as tx:
        webhooks.remove(tx, agency_id, actor=ACTOR)
    emit(as_json, {"agency_id": agency_id, "removed": True}, f"agency {agency_id}: webhook removed")


def _plain(event: Event) -> dict[str, Any]:
    return asdict(event) | {"type": event.type.value, "delivery": event.delivery.value}


def _emit_secret(as_json: bool, agency_id: int, secret: str | None, done: str) -> None:
    key = {} if secret is None else {"secret": secret}
    lines = [f"agency {agency_id}: {done}", *(f"signing secret (shown once): {word}" for word in key.values())]
    emit(as_json, {"agency_id": agency_id} | key, *lines)
