"""The crash law, asserted for each round: what is seen after each death, and what must hold when all is over.

Every mail that was acknowledged arrives. Its copies are one, and one more for each process that died between the next
hop's acceptance and the commit of the mark (RFC 1047); so never more than one and its crashes. Every copy is the same
to the byte. Links and mails that carry them belong together, one link a person.
"""

import hashlib
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.store.retention import remove_orphans
from gateway.store.spool import directory_of
from tests.torture.hop import Hop
from tests.torture.world import Letter, World

ORPHAN_AGE_S = 7200
_LINK = re.compile(rb"/r/([\w-]{16,64})")
_OPEN = "SELECT recipient, state FROM delivery WHERE state IN ('waiting', 'sending', 'held')"
STORED = "SELECT recipient FROM delivery WHERE recipient <> ''"


class Broken(AssertionError):
    """The law does not hold."""


@dataclass(slots=True)
class Book:
    """What a round knows of each recipient."""

    acked: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    windows: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)  # sender by recipient: a report is owed
    _copies: dict[str, int] = field(default_factory=dict)

    def note(self, letter: Letter, *, acked: bool) -> None:
        """Take down a mail that was sent in."""
        (self.acked if acked else self.unanswered).update(letter.recipients)
        if letter.kind == "refused":
            self.refused[letter.recipients[0]] = letter.sender

    def after_a_death(self, world: World, hop: Hop) -> set[str]:
        """Look at database and next hop behind a dead process; the recipients it died over in the window."""
        still_open = {str(recipient): state for recipient, state in world.rows(_OPEN)}
        self.crashes.update(recipient for recipient, state in still_open.items() if state == "sending")
        arrived = {
            recipient for recipient, copies in hop.copies.items() if len(copies) > self._copies.get(recipient, 0)
        }
        in_window = arrived & set(still_open)
        self.windows.update(in_window)
        self.look_again(hop)
        return in_window

    def look_again(self, hop: Hop) -> None:
        """Take the copies so far as seen."""
        self._copies = {recipient: len(copies) for recipient, copies in hop.copies.items()}

    def stored(self, world: World, recipients: Iterable[str]) -> None:
        """An unanswered mail that is there all the same is a mail like any other: it must arrive."""
        there = {str(row[0]) for row in world.rows(STORED)}
        self.acked |= {recipient for recipient in recipients if recipient in there}


def check(book: Book, world: World, hop: Hop) -> None:
    """Assert the law at the end of a round, when nothing is open any more."""
    _nothing_is_open(world)
    _every_mail_arrived(book, hop)
    _reports_are_there(book, hop)
    tokens = _one_link_each(hop)
    _links_and_mails_belong_together(tokens, world)
    _no_orphans(world)


def _nothing_is_open(world: World) -> None:
    left = world.rows("SELECT state, count(*) FROM mail WHERE state IN ('received', 'ready', 'held') GROUP BY 1")
    left += world.rows("SELECT state, count(*) FROM outgoing WHERE state IN ('waiting', 'taken') GROUP BY 1")
    require(not left, f"still open: {left}")


def _every_mail_arrived(book: Book, hop: Hop) -> None:
    for recipient in book.acked - set(book.refused):
        count, expected = len(hop.copies.get(recipient, ())), 1 + book.windows[recipient]
        require(count > 0, f"{recipient}: LOST, it was answered 250")
        require(count == expected, f"{recipient}: {count} copies, {expected} expected")
        require(count <= 1 + book.crashes[recipient], f"{recipient}: more copies than crashes allow")
    for recipient in book.unanswered - book.acked:
        require(not hop.copies.get(recipient), f"{recipient}: arrived though it was never stored")
    for recipient, copies in hop.copies.items():
        require(len(set(copies)) == 1, f"{recipient}: a retry sent other bytes")


def _reports_are_there(book: Book, hop: Hop) -> None:
    for recipient, sender in book.refused.items():
        expected = 1 + book.windows[sender] if recipient in book.acked else 0
        require(
            len(hop.copies.get(sender, ())) == expected,
            f"{recipient} was refused: {len(hop.copies.get(sender, ()))} reports, {expected} expected",
        )


def _one_link_each(hop: Hop) -> set[bytes]:
    found: dict[str, set[bytes]] = defaultdict(set)
    for recipient, copies in hop.copies.items():
        for copy in copies:
            found[recipient] |= set(_LINK.findall(copy))
    for recipient, tokens in found.items():
        require(len(tokens) <= 1, f"{recipient}: two different personal links")
    together = [token for tokens in found.values() for token in tokens]
    require(len(together) == len(set(together)), "two people got the same link")
    return set(together)


def _links_and_mails_belong_together(tokens: set[bytes], world: World) -> None:
    issued = {row[0] for row in world.rows("SELECT token_sha256 FROM link WHERE kind = 'relay'")}
    sent = {hashlib.sha256(token).digest() for token in tokens}
    refused = int(str(world.rows("SELECT count(*) FROM mail WHERE state = 'failed' AND note = 'edited'")[0][0]))
    require(sent <= issued, "a link was sent that does not exist")
    require(len(issued - sent) == refused, f"{len(issued - sent)} links without a mail, {refused} of refused mails")
    carried = world.rows("SELECT count(*) FROM invitation i WHERE NOT EXISTS "
                         "(SELECT 1 FROM invitation_mail m WHERE m.invitation_id = i.id)")  # fmt: skip
    require(carried[0][0] == 0, "an invitation without a mail that carries it")


def _no_orphans(world: World) -> None:
    for path in bodies(world):
        age(path)
    remove_orphans(world.runtime)
    world.runtime.db.close()
    require(not bodies(world), f"body files without a mail: {bodies(world)}")
    require(world.rows("PRAGMA quick_check") == [("ok",)], "the database is damaged")


def bodies(world: World) -> list[Path]:
    return list(directory_of(world.runtime.settings).glob("*"))


def age(path: Path) -> None:
    """Let a file be as old as an orphan must be before it is taken for one."""
    os.utime(path, (time.time() - ORPHAN_AGE_S, time.time() - ORPHAN_AGE_S))


def require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)
