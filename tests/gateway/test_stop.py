"""The orderly stop: what was begun ends, and nothing begins any more."""

import asyncio

from gateway.hands import Hands
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.server import again
from gateway.tables import MailState, Origin
from gateway.work import Hand, Work
from tests.gateway.test_leases import AT


def a_mail() -> Work:
    return Work(
        id=1,
        queue_id="1",
        origin=Origin.SMTP,
        company_id=1,
        state=MailState.RECEIVED,
        may_judge=False,
        envelope=Envelope("saiyo@example.jp", (Recipient("taro@example.com", {}),), {}),
        arrival=Arrival("127.0.0.1", "client.example.net", "ESMTP", "", AT),
        size=1,
        deliveries=[Hand(0, "taro@example.com", {})],
        raw=b"x",
    )


def test_a_mail_that_comes_after_the_cut_is_not_begun() -> None:
    async def story() -> list[str]:
        begun = []

        async def process(work: Work) -> None:
            begun.append(work.queue_id)
            await asyncio.sleep(60)

        hands = Hands(process)
        hands.take(a_mail())
        await asyncio.sleep(0)
        hands.cut()
        hands.take(a_mail())
        await asyncio.sleep(0)
        return list(begun)

    assert asyncio.run(story()) == ["1"]


def test_who_waits_for_the_end_of_the_sweep_has_seen_its_last_step() -> None:
    async def story() -> list[str]:
        steps = []

        async def sweep() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                for _ in range(9):
                    await asyncio.sleep(0)
                steps.append("last")

        sweeping = asyncio.create_task(again(sweep))
        for _ in range(3):
            await asyncio.sleep(0)
        sweeping.cancel()
        await asyncio.wait([sweeping])
        return list(steps)

    assert asyncio.run(story()) == ["last"]
