"""Which mails are judged and stored together, that nobody waits for ever, and that a fault stays its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import pytest

from gateway.gathering import ENOUGH, MAILS_MAX, OCTETS_MAX, Gathering
from gateway.traffic import ALONE_MAX, DOTS, Traffic

Group = Gathering[str, str]


class Doing:
    """Answers each word in capitals, "bad" with a fault, when ``open`` is set; ``groups`` as they came."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def all(self, words: Sequence[str]) -> AsyncIterator[str | Exception]:
        self.groups.append(list(words))
        for word in words:
            if word != "quick":
                await self.open.wait()
            if word == "broken":
                raise LookupError("all of it")
            yield ZeroDivisionError(word) if word == "bad" else word.upper()


def traffic_of(begun: int, *, flows: bool = True) -> Traffic:
    """Mails that have been begun; ``flows``: their dots came fast."""
    traffic = Traffic(lambda: 0.0)
    for _ in range(begun):
        traffic.begin()
    for _ in range(DOTS if flows else 0):
        traffic.dot()
    return traffic


def gathered(
    traffic: Traffic, body: Callable[[Group, Doing], Coroutine[Any, Any, None]], *, limit_s: float = 20
) -> list[list[str]]:
    """Run ``body``; the groups that were done."""

    async def main() -> list[list[str]]:
        doing = Doing()
        async with asyncio.timeout(limit_s):
            await body(Gathering(traffic, doing.all), doing)
        return doing.groups

    return asyncio.run(main())


def joining(gathering: Group, words: Sequence[str], octets: int = 1) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(gathering.join(word, octets)) for word in words]


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("traffic", [traffic_of(1), traffic_of(5, flows=False)], ids=["one client", "slow mails"])
def test_a_mail_without_company_is_done_at_once(traffic: Traffic) -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        doing.open.clear()
        first, second = joining(gathering, ["a"]), joining(gathering, ["b"])
        await settled()
        assert doing.groups == [["a"], ["b"]]  # neither waits for the other
        doing.open.set()
        assert await asyncio.gather(*first, *second) == ["A", "B"]
        assert gathering.is_empty

    gathered(traffic, body)


def test_mails_are_done_together_when_all_that_were_begun_are_here() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        tasks = joining(gathering, ["a", "b"])
        await settled()
        assert not doing.groups
        assert not gathering.is_alone
        tasks += joining(gathering, ["c"])
        assert await asyncio.gather(*tasks) == ["A", "B", "C"]

    assert gathered(traffic_of(3), body) == [["a", "b", "c"]]


def test_a_mail_leaves_soon_when_nobody_comes() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        assert await gathering.join("a", 1) == "A"
        tasks = joining(gathering, ["b"])
        await settled()
        tasks += joining(gathering, ["c"])  # the next one waits as the first did
        await asyncio.gather(*tasks)

    assert gathered(traffic_of(2), body) == [["a"], ["b", "c"]]


def test_the_next_group_gathers_while_one_is_being_done() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        doing.open.clear()
        first = joining(gathering, ["a", "b"])
        await settled()
        others = joining(gathering, ["c", "d"])
        await asyncio.sleep(0.05)  # more than anybody's patience
        assert doing.groups == [["a", "b"]]
        doing.open.set()
        assert await asyncio.gather(*first, *others) == ["A", "B", "C", "D"]

    assert gathered(traffic_of(2), body) == [["a", "b"], ["c", "d"]]


def test_enough_of_them_do_not_wait_for_the_group_before() -> None:
    names = [f"w{number}" for number in range(ENOUGH)]

    async def body(gathering: Group, doing: Doing) -> None:
        doing.open.clear()
        tasks = joining(gathering, ["a", "b"])
        await settled()
        tasks += joining(gathering, names)
        await settled()
        assert len(doing.groups) == 2
        doing.open.set()
        await asyncio.gather(*tasks)

    assert gathered(traffic_of(2), body) == [["a", "b"], names]


def test_a_burst_is_cut_into_groups() -> None:
    names = [f"w{number}" for number in range(MAILS_MAX + 1)]

    async def body(gathering: Group, doing: Doing) -> None:
        doing.open.clear()
        tasks = joining(gathering, names)
        await settled()
        doing.open.set()
        assert await asyncio.gather(*tasks) == [name.upper() for name in names]

    groups = gathered(traffic_of(100), body)
    assert [len(group) for group in groups] == [MAILS_MAX, 1]


def test_large_mails_make_small_groups() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        tasks = joining(gathering, ["a", "b", "c", "d", "e"], OCTETS_MAX // 2)
        tasks += joining(gathering, ["whale"], 4 * OCTETS_MAX)
        await asyncio.gather(*tasks)

    assert gathered(traffic_of(6), body) == [["a", "b"], ["c", "d"], ["e"], ["whale"]]


def test_a_fault_is_its_own() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        results = await asyncio.gather(*joining(gathering, ["a", "bad", "c"]), return_exceptions=True)
        assert results[::2] == ["A", "C"]
        assert isinstance(results[1], ZeroDivisionError)

    gathered(traffic_of(3), body)


def test_a_fault_of_the_whole_is_heard_by_all_and_stops_nothing() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        results = await asyncio.gather(*joining(gathering, ["broken", "a"]), return_exceptions=True)
        assert [type(result) for result in results] == [LookupError, LookupError]
        assert await asyncio.gather(*joining(gathering, ["c", "d"])) == ["C", "D"]
        assert gathering.is_empty

    gathered(traffic_of(2), body)


def test_each_hears_of_its_own_before_the_others_are_done() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        doing.open.clear()
        quick, slow = joining(gathering, ["quick", "slow"])
        assert await quick == "QUICK"
        assert not slow.done()
        doing.open.set()
        assert await slow == "SLOW"

    assert gathered(traffic_of(2), body) == [["quick", "slow"]]


def test_whoever_went_away_takes_nobody_with_him() -> None:
    async def body(gathering: Group, doing: Doing) -> None:
        gone, stays = joining(gathering, ["a", "b"])
        await settled()
        gone.cancel()
        assert await stays == "B"

    assert gathered(traffic_of(ALONE_MAX), body) == [["a", "b"]]
