"""Rounds of killed processes, one after the other: `python -m tests.torture.shard --lives 500 --seed 1 --home DIR`.

A process of its own with little in memory, because each life is a fork of it. Writes a line of JSON now and then and
at its end: {"lives": …, "mails": …, "windows": …, "copies_max": …, "hits": {point: times}, "seconds": …}.
"""

import argparse
import gc
import itertools
import json
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gateway import server, sweep
from tests.torture import law, life, points
from tests.torture.hop import Hop
from tests.torture.law import Book, Broken, check
from tests.torture.life import STUCK_S, Life
from tests.torture.load import wait_until
from tests.torture.points import Outside, Point, Wire
from tests.torture.world import Letter, World, letter

FIRST_A_ROUND = 30
#: Numbers from here on are of mails that go before others.
ANOTHER = 1000
LATER_A_ROUND = 8
RECOVERIES_MAX = 6
#: Longer than any back-off after a crash, and than a hold.
STEP_S, LONG_STEP_S = 1000.0, 5000.0
#: Shorter than any: a first process meets its own mail only.
FIRST_STEP_S = 0.01
PROGRESS_S = 20.0
T = TypeVar("T")
KINDS = ("plain", "edited", "large", "hold", "refused", "later", "copied", "own")
#: Mails whose end may leave one of ours in the outbox, which has no back-off: the next process meets it, too.
LEAVE_OWN_MAIL = ("refused", "own")

#: What may lie there when a later process begins: the first word of a later point's ``kinds``.
_LYING = {
    "waiting": "SELECT 1 FROM delivery WHERE state IN ('waiting', 'sending') LIMIT 1",
    "held": "SELECT 1 FROM mail WHERE state = 'held' LIMIT 1",
    "unjudged": "SELECT 1 FROM mail WHERE state = 'received' AND may_judge AND origin = 'smtp' LIMIT 1",
    "report": "SELECT 1 FROM outgoing WHERE state = 'waiting' LIMIT 1",
    "body": "SELECT 1 FROM mail WHERE body_path IS NOT NULL AND state IN ('received', 'ready') LIMIT 1",
}
_OWN_OPEN = "SELECT 1 FROM outgoing WHERE state IN ('waiting', 'taken') LIMIT 1"
_ANYTHING_LEFT = (
    "SELECT 1 FROM mail WHERE state IN ('received', 'ready', 'held') "
    "UNION ALL SELECT 1 FROM outgoing WHERE state IN ('waiting', 'taken') LIMIT 1"
)


@dataclass(slots=True)
class Figures:
    lives: int = 0
    mails: int = 0
    windows: int = 0
    copies_max: int = 0
    crashes_max: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Shard:
    def __init__(self, home: Path, seed: int) -> None:
        self._hop = Hop()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port = int(self._listener.getsockname()[1])
        self._world = World(home, self._hop.port)
        self._chance = random.Random(seed)
        self._first = itertools.cycle(self._shuffled([(p, kind) for p in points.FIRST for kind in p.kinds]))
        self._later = deque(self._shuffled(list(points.LATER)))
        self.figures = Figures()

    def _shuffled(self, items: list[T]) -> list[T]:
        self._chance.shuffle(items)
        return items

    def warm_up(self) -> None:
        """Let one process live in a thread here, so that every module, statement and rule is in memory already."""
        self._world.renew()
        stop = threading.Event()
        arguments = (self._world.at(0), [self._listener.dup()], stop)
        sweep_s, sweep.SWEEP_S = sweep.SWEEP_S, 0.05
        thread = threading.Thread(target=server.run, args=arguments)
        thread.start()
        for number, kind in enumerate(KINDS[:-1]):
            assert life.send(self._port, letter(kind, number), lambda: None)
        time.sleep(0.5)
        stop.set()
        thread.join()
        sweep.SWEEP_S = sweep_s
        self._world.runtime.db.close()
        self._listener.setblocking(True)
        gc.collect()
        gc.freeze()

    def run(self, lives: int) -> None:
        began_s = said_s = time.monotonic()
        while self.figures.lives < lives:
            self._round()
            self.figures.seconds = time.monotonic() - began_s
            if time.monotonic() - said_s > PROGRESS_S:
                said_s = time.monotonic()
                self.say()
        self.say()

    def say(self) -> None:
        shown = {name: getattr(self.figures, name) for name in Figures.__slots__}
        sys.stdout.write(json.dumps(shown) + "\n")
        sys.stdout.flush()

    def _round(self) -> None:
        self._world.renew()
        self._hop.forget()
        book = Book()
        chosen = [next(self._first) for _ in range(FIRST_A_ROUND)]
        chosen.sort(key=lambda each: each[1] in LEAVE_OWN_MAIL)
        for number, (point, kind) in enumerate(chosen):
            self._first_life(book, number, point, kind)
        at_s = STEP_S
        for _ in range(LATER_A_ROUND):
            later = self._next_later()
            if later is None:
                break
            at_s += LONG_STEP_S if "overdue" in later.kinds else STEP_S
            self._later_life(book, at_s, later)
        for _ in range(RECOVERIES_MAX):
            at_s += LONG_STEP_S
            self._later_life(book, at_s, None)
            if not self._world.rows(_ANYTHING_LEFT):
                break
        check(book, self._world, self._hop)
        self.figures.mails += len(book.acked)
        self.figures.copies_max = max([self.figures.copies_max, *map(len, self._hop.copies.values())])
        self.figures.crashes_max = max([self.figures.crashes_max, *book.crashes.values()])

    def _next_later(self) -> Point | None:
        """The next point in turn for which there is something to come by with."""
        lying = {what for what, sql in _LYING.items() if self._world.rows(sql)}
        for point in self._later:
            if point.kinds[0] in lying:
                self._later.remove(point)
                self._later.append(point)
                return point
        return None

    def _first_life(self, book: Book, number: int, point: Point, kind: str) -> None:
        """A process that takes one mail and dies over it."""
        what = f"{point.name}, {kind}"
        one = letter(kind, number)
        is_alone = not self._world.rows(_OWN_OPEN)
        own = one.recipients[0] if kind == "own" else ""
        pid = life.begin(self._world, self._listener, Life(number * FIRST_STEP_S, point, own))
        if isinstance(point.seam, Wire):
            self._hop.arm(point.seam.word, pid)
        if point.after_another:
            self._bring_another(book, number)
        acked = bool(own) or self._send(one, point, pid)
        if not life.wait_for_death(pid, what):
            raise Broken(f"never came by: {what}")
        self._hop.wait_until_quiet()
        if own:
            self._note_own(book, own)
        else:
            book.note(one, acked=acked)
            book.stored(self._world, one.recipients)
        in_window = book.after_a_death(self._world, self._hop)
        if is_alone and point.window is not None and bool(in_window & set(one.recipients)) != point.window:
            raise Broken(f"{what}: {in_window} in the window")
        self._count(point, in_window)

    def _bring_another(self, book: Book, number: int) -> None:
        """A mail goes before, and its way is over: nothing of it is left to be done when the process dies."""
        another = letter("plain", ANOTHER + number)
        book.note(another, acked=life.send(self._port, another, lambda: None))
        wait_until(lambda: (another.recipients[0],) not in self._world.rows(law.STORED), "it stays open", STUCK_S)

    def _send(self, one: Letter, point: Point, pid: int) -> bool:
        def on_250() -> None:
            if isinstance(point.seam, Outside):
                time.sleep(self._chance.uniform(0, 0.02))
                os.kill(pid, signal.SIGKILL)

        return life.send(self._port, one, on_250)

    def _note_own(self, book: Book, recipient: str) -> None:
        """Our own mail counts as accepted when its row was committed."""
        if self._world.rows("SELECT 1 FROM outgoing"):
            book.acked.add(recipient)

    def _later_life(self, book: Book, at_s: float, point: Point | None) -> None:
        """A process that finds what dead ones left, and dies over it where it comes by ``point``."""
        approves = point is not None and "approve" in point.kinds
        what = point.name if point else "recovery"
        pid = life.begin(self._world, self._listener, Life(at_s, point, approves=approves, ends_when_idle=True))
        if point is not None and isinstance(point.seam, Wire):
            self._hop.arm(point.seam.word, pid)
        if point is not None and isinstance(point.seam, Outside):
            time.sleep(self._chance.uniform(0.01, 0.1))
            os.kill(pid, signal.SIGKILL)
        killed = life.wait_for_death(pid, what)
        self._hop.disarm()
        self._hop.wait_until_quiet()
        if killed:
            in_window = book.after_a_death(self._world, self._hop)
            self._count(point, in_window)
        book.look_again(self._hop)

    def _count(self, point: Point | None, in_window: set[str]) -> None:
        self.figures.lives += 1
        self.figures.windows += len(in_window)
        self.figures.hits[point.name if point else ""] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, required=True)
    arguments = parser.parse_args()
    logging.disable(logging.ERROR)  # deaths and their recovery are what this is about
    shard = Shard(arguments.home, arguments.seed)
    shard.warm_up()
    shard.run(arguments.lives)
    os._exit(0)


if __name__ == "__main__":
    main()
