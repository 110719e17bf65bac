"""An agency's server is told, signed, at least once, and only while the candidate's consent holds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook as Standard

from connectors import agency_webhook
from core import jobs
from core.runner import Runner
from core.runtime import Runtime
from core.settings import Jobs, Webhook
from crm.agency import agencies, agency_events, webhooks
from crm.agency.agency_events import Delivery
from crm.candidate import registrations
from crm.consents import consent, provisions
from crm.delivery import agency_payload, referrals
from crm.referral.referral_states import Answer
from crm.registry import companies
from crm.slots import introductions
from crm.tables import AgencyWebhookRow, ConsentRow
from tests.connectors.receiver import Receiver, receiver
from tests.crm import slots
from tests.crm.world import COMPANY, Parties, answer, clock_of, mails_to, parties, shared

LOOPBACK = Webhook(allow_networks=(ip_network("127.0.0.0/8"),), timeout_s=5)
AGENCY_MAIL = "inbox@agency.example.com"
HOUR_S = 3_600


@pytest.fixture
def desk() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def running(runtime: Runtime) -> Runtime:
    return allowing(runtime)


def allowing(runtime: Runtime, webhook: Webhook = LOOPBACK) -> Runtime:
    return replace(runtime, settings=runtime.settings.model_copy(update={"webhook": webhook}))


def hooked(runtime: Runtime, desk: Receiver) -> tuple[Parties, str]:
    """An agency with a webhook; its secret."""
    made = parties(runtime)
    with runtime.begin() as tx:
        secret = webhooks.put(tx, made.agency_id, desk.url, actor="test")
    assert secret is not None
    return made, secret


def work(runtime: Runtime) -> int:
    return Runner(runtime, {agency_events.WEBHOOK_JOB: agency_webhook.send}, "test").drain()


def delivery(runtime: Runtime, made: Parties) -> tuple[Delivery, int, str]:
    with runtime.read() as tx:
        [event] = agency_events.latest(tx, made.agency_id, 1)
    return event.delivery, event.tries, event.result


def signed_by(secret: str, got: dict[str, str], body: bytes) -> bool:
    at = datetime.fromtimestamp(int(got["webhook-timestamp"]), UTC)
    expected = Standard(secret).sign(got["webhook-id"], at, body.decode())
    return expected in got["webhook-signature"].split(" ")


def test_a_hand_over_arrives_signed_and_says_what_the_api_says(running: Runtime, desk: Receiver) -> None:
    made, secret = hooked(running, desk)
    _, referral_id = shared(running, made)
    assert work(running) == 1
    [got] = desk.got
    assert got.path == "/careerrelay?agency=1"
    assert got.headers["content-type"] == "application/json"
    assert signed_by(secret, got.headers, got.body)
    assert not signed_by(secret, got.headers, got.body + b" ")
    told = json.loads(got.body)
    with running.read() as tx:
        view = referrals.get(tx, made.agency_id, referral_id)
        [record] = provisions.of_referral(tx, referral_id)
    assert told == {
        "type": "referral.shared",
        "timestamp": view.shared_at.isoformat() if view.shared_at else "",
        "data": agency_payload.referral(view),
    }
    assert provisions.payload_sha256(told["data"]["profile"]) == record.payload_sha256
    assert told["data"]["provision"]["consent_id"] == record.consent_id
    assert delivery(running, made) == (Delivery.DELIVERED, 1, "HTTP 204")


def test_every_event_of_a_referral_is_told_in_order_without_contact_data(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    done, referral_id = shared(running, made, "contact")
    answer(running, made, referral_id, Answer.ACCEPTED)
    with running.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
    work(running)
    told = [json.loads(got.body)["type"] for got in desk.got]
    # What was recalled before it left never leaves.
    assert told == ["referral.recalled"]
    assert "花子" not in desk.got[0].body.decode()
    with running.read() as tx:
        states = [(one.seq, one.type.value, one.delivery) for one in agency_events.after(tx, made.agency_id, 0)]
    assert states == [
        (1, "referral.shared", Delivery.CANCELLED),
        (2, "contact.released", Delivery.CANCELLED),
        (3, "referral.recalled", Delivery.DELIVERED),
    ]


def test_every_step_of_an_introduction_is_told_in_order_by_its_number_alone(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    slots.earn(running, made, 20)
    clock_of(running).advance(8 * 24 * HOUR_S)  # no credit can be disputed any more
    one, by = slots.scheduled(running, made), slots.company(made)
    clock_of(running).advance(25 * HOUR_S)
    with running.begin() as tx:
        introductions.held(tx, one.id, by)
        introductions.hired(tx, one.id, introductions.Fee(amount_yen=1_000_000), by)
    other = slots.proposed(running, made)
    with running.begin() as tx:
        introductions.decline(tx, other.id, by, by_candidate=False)
    work(running)
    told = [json.loads(got.body) for got in desk.got]
    way = ("requested", "proposed", "accepted", "interview_scheduled", "interview_held", "hired")
    assert [(one["type"], one["data"]) for one in told] == [
        *((f"introduction.{step}", {"id": one.id}) for step in way),
        *((f"introduction.{step}", {"id": other.id}) for step in ("requested", "proposed", "declined")),
    ]


def test_a_suspended_agency_is_told_nothing_of_introductions(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    slots.earn(running, made)
    slots.asked(running, made)
    with running.begin() as tx:
        agencies.suspend(tx, made.agency_id)
    work(running)
    assert (desk.got, delivery(running, made)[0]) == ([], Delivery.CANCELLED)


def test_a_webhook_that_one_company_set_is_told_of_this_company_only(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    with running.begin() as tx:
        other = companies.add(tx, replace(COMPANY, sender_domains=("example.org",), recruiting_senders=()))
        tx.session.get_one(AgencyWebhookRow, made.agency_id).reach_company_id = other.id
    shared(running, made)
    with running.begin() as tx:
        webhooks.send_test(tx, made.agency_id, actor="test")
    work(running)
    assert [json.loads(got.body)["type"] for got in desk.got] == ["webhook.test"]
    with running.begin() as tx:
        tx.session.get_one(AgencyWebhookRow, made.agency_id).reach_company_id = made.company_id
        webhooks.resend(tx, made.agency_id, agency_events.after(tx, made.agency_id, 0)[0].id, actor="test")
    work(running)
    assert json.loads(desk.got[-1].body)["type"] == "referral.shared"


def test_events_are_forgotten_after_their_time_and_numbers_go_on(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    shared(running, made)
    work(running)
    clock_of(running).advance(timedelta(days=agency_events.KEEP_DAYS).total_seconds())
    with running.begin() as tx:
        assert agency_events.purge(tx) == 0
        webhooks.send_test(tx, made.agency_id, actor="test")
    clock_of(running).advance(1)
    with running.begin() as tx:
        assert agency_events.purge(tx) == 1
        assert [one.seq for one in agency_events.after(tx, made.agency_id, 0)] == [2]


def test_contact_is_told_but_not_given(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    _, referral_id = shared(running, made, "contact")
    answer(running, made, referral_id, Answer.ACCEPTED)
    work(running)
    shared_event, contact_event = (json.loads(got.body) for got in desk.got)
    assert (shared_event["type"], contact_event["type"]) == ("referral.shared", "contact.released")
    assert contact_event["data"]["contact_released_at"] is not None
    assert "profile" not in contact_event["data"]
    assert "花子" not in "".join(got.body.decode() for got in desk.got)


@pytest.mark.parametrize("ended", ["withdrawn", "expired", "suspended", "no row"])
def test_nothing_leaves_once_the_consent_does_not_hold(running: Runtime, desk: Receiver, ended: str) -> None:
    """The consent ends after the hand-over and before the attempt: each attempt asks in its own transaction."""
    made, _ = hooked(running, desk)
    done, _ = shared(running, made)
    with running.begin() as tx:
        match ended:
            case "withdrawn":
                consent.withdraw(tx, done.registration_id)
            case "expired":
                tx.session.execute(update(ConsentRow).values(expires_at=tx.now))
            case "suspended":
                agencies.suspend(tx, made.agency_id)
            case _:
                tx.session.execute(update(ConsentRow).values(recipient="agency:999"))
    assert work(running) == 1
    assert desk.got == []
    assert delivery(running, made) == (Delivery.CANCELLED, 0, "may not leave")


def test_a_server_that_refuses_is_tried_for_three_days_then_the_agency_is_told(
    running: Runtime, desk: Receiver
) -> None:
    made, _ = hooked(running, desk)
    _, referral_id = shared(running, made)
    desk.answers = [(500, {})] * 20
    first = running.clock.now()
    at: list[timedelta] = []
    while delivery(running, made)[0] is Delivery.WAITING:
        if work(running):
            at.append(running.clock.now() - first)
        with running.read() as tx:
            due = tx.session.query(jobs.Job).filter_by(state=jobs.WAITING, kind=agency_events.WEBHOOK_JOB).all()
        if due:
            clock_of(running).advance(max((due[0].due_at - running.clock.now()).total_seconds(), 0))
    assert [round(step.total_seconds()) for step in at] == [
        sum(agency_webhook.RETRY_S[:tried]) for tried in range(len(agency_webhook.RETRY_S) + 1)
    ]
    assert timedelta(days=3) < at[-1] < timedelta(days=4)
    assert len(desk.got) == 10
    assert len({got.headers["webhook-id"] for got in desk.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in desk.got}) == 10
    assert delivery(running, made) == (Delivery.FAILED, 10, "HTTP 500")
    assert "お届けできませんでした" in mails_to(running, AGENCY_MAIL)[-1].subject
    desk.answers = []
    with running.begin() as tx:
        [event] = agency_events.latest(tx, made.agency_id, 1)
        assert event.referral_id == referral_id
        webhooks.resend(tx, made.agency_id, event.id, actor="test")
    work(running)
    assert delivery(running, made) == (Delivery.DELIVERED, 1, "HTTP 204")


def test_the_server_says_when_to_come_again(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    shared(running, made)
    desk.answers = [(503, {"Retry-After": "7200"})]
    work(running)
    clock_of(running).advance(2 * HOUR_S - 1)
    assert work(running) == 0
    clock_of(running).advance(1)
    assert work(running) == 1
    assert delivery(running, made) == (Delivery.DELIVERED, 2, "HTTP 204")


def test_gone_stops_the_webhook_until_its_address_is_set_again(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    shared(running, made)
    desk.answers = [(410, {})]
    work(running)
    assert delivery(running, made) == (Delivery.FAILED, 1, "HTTP 410")
    with running.begin() as tx:
        view = webhooks.get(tx, made.agency_id)
        assert view is not None
        assert view.stopped
        assert webhooks.put(tx, made.agency_id, desk.url, actor="test") is None
        webhooks.send_test(tx, made.agency_id, actor="test")
    work(running)
    assert json.loads(desk.got[-1].body)["type"] == "webhook.test"


def test_while_a_secret_is_replaced_both_sign(running: Runtime, desk: Receiver) -> None:
    made, old = hooked(running, desk)
    with running.begin() as tx:
        new = webhooks.rotate(tx, made.agency_id, actor="test")
    for days, both in ((0, True), (6, True), (8, False)):
        clock_of(running).advance(days * 24 * HOUR_S)
        with running.begin() as tx:
            webhooks.send_test(tx, made.agency_id, actor="test")
        work(running)
        got = desk.got[-1]
        assert signed_by(new, got.headers, got.body)
        assert signed_by(old, got.headers, got.body) is both
        clock_of(running).advance(-days * 24 * HOUR_S)


def test_a_redirect_is_not_followed(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    shared(running, made)
    desk.answers = [(307, {"Location": "/elsewhere"})]
    work(running)
    assert [got.path for got in desk.got] == ["/careerrelay?agency=1"]
    assert delivery(running, made) == (Delivery.WAITING, 1, "HTTP 307")


def test_a_server_that_does_not_answer_holds_nobody_up(running: Runtime) -> None:
    quick = allowing(running, replace_timeout(0.2))
    with receiver(drip=True) as slow:
        made, _ = hooked(quick, slow)
        shared(quick, made)
        with quick.begin() as tx:
            webhooks.send_test(tx, made.agency_id, actor="test")
        work(quick)
        assert len(slow.got) == 1  # the second waits until the first has rested
    with quick.read() as tx:
        results = [(one.delivery, one.result) for one in agency_events.after(tx, made.agency_id, 0)]
    assert results == [(Delivery.WAITING, "time over"), (Delivery.WAITING, "")]


def replace_timeout(seconds: float) -> Webhook:
    return Webhook(allow_networks=LOOPBACK.allow_networks, timeout_s=seconds)


def test_without_the_setting_no_address_inside_is_called(runtime: Runtime, desk: Receiver) -> None:
    made, _ = hooked(runtime, desk)
    shared(runtime, made)
    work(runtime)
    assert desk.got == []
    assert delivery(runtime, made) == (Delivery.WAITING, 1, "address not public")


def test_an_attempt_cut_short_by_a_crash_is_made_again(running: Runtime, desk: Receiver) -> None:
    made, _ = hooked(running, desk)
    shared(running, made)
    with running.begin() as tx:
        [event] = agency_events.latest(tx, made.agency_id, 1)
        assert agency_webhook.prepare(tx, event.id, 1) is not None  # and then the process dies
    assert work(running) == 1
    assert len(desk.got) == 1
    assert delivery(running, made) == (Delivery.DELIVERED, 1, "HTTP 204")


def test_events_that_wait_for_a_silent_server_wait_as_long_as_it_is_silent(running: Runtime, desk: Receiver) -> None:
    """Only one of them is sent to find out; waiting behind it costs the others none of their tries."""
    few = replace(running, settings=running.settings.model_copy(update={"jobs": Jobs(tries_max=2)}))
    made, _ = hooked(few, desk)
    with few.begin() as tx:
        webhooks.put(tx, made.agency_id, "http://127.0.0.1:9/", actor="test")  # nobody listens there
        for _ in range(5):
            webhooks.send_test(tx, made.agency_id, actor="test")
    for _ in range(60):
        work(few)
        clock_of(few).advance(10)
    with few.begin() as tx:
        assert tx.session.query(jobs.Job).filter_by(state=jobs.DEAD).all() == []
        webhooks.put(tx, made.agency_id, desk.url, actor="test")
    clock_of(few).advance(HOUR_S)
    work(few)
    with few.read() as tx:
        assert {one.delivery for one in agency_events.latest(tx, made.agency_id, 10)} == {Delivery.DELIVERED}
    assert len(desk.got) == 5
