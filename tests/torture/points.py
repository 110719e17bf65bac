"""The table of named points at which a gateway process is killed, and how a process is brought to die there.

A point lies at a public seam: a commit known by what it writes, a system call, a function of a module, a command on the
wire to the next hop. When the product's insides move, this file is the only one to adjust; a point that no process
reaches any more fails the run.
"""

import functools
import importlib
import inspect
import os
import re
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from tests.torture import driver

BEFORE, AFTER = "before", "after"
_WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)\"?")
_SET = re.compile(r"(\w+)=")

#: What a transaction did: (verb and table, columns it sets).
Wrote = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a transaction for which ``is_it`` holds."""

    is_it: Callable[[list[Wrote]], bool]
    when: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of ``module:name`` or ``module:Class.name``; the first one whose first argument fits ``only``."""

    target: str
    when: str
    only: Callable[..., bool] = lambda *_: True


@dataclass(frozen=True, slots=True)
class Wire:
    """The next hop has read this and kills us before it answers: MAIL, RCPT, DATA, body or dot."""

    word: str


@dataclass(frozen=True, slots=True)
class Outside:
    """The test kills the process at a moment of its choice: once the client has read 250, or at a random one."""


Seam = Commit | Call | Wire | Outside


@dataclass(frozen=True, slots=True)
class Point:
    """``kinds``: mails whose first process comes by here. ``window``: the next hop has the mail and no mark says so.

    ``after_another``: the process has brought another mail to the next hop before, and keeps the connection.
    """

    name: str
    seam: Seam
    kinds: tuple[str, ...]
    window: bool | None = False
    after_another: bool = False


def _wrote(verb_table: str, *columns: str) -> Callable[[list[Wrote]], bool]:
    wanted = frozenset(columns)
    return lambda done: any(what == verb_table and wanted <= found for what, found in done)


def _both(*tests: Callable[[list[Wrote]], bool]) -> Callable[[list[Wrote]], bool]:
    return lambda done: all(test(done) for test in tests)


def _not(test: Callable[[list[Wrote]], bool]) -> Callable[[list[Wrote]], bool]:
    return lambda done: not test(done)


ACCEPT = _wrote("INSERT INTO mail")
EDIT = _wrote("INSERT INTO invitation_mail")
MARK = _wrote("UPDATE delivery", "finished_at", "code")
HOLD = _wrote("UPDATE mail", "hold_until", "decision")
RELEASE = _both(_wrote("UPDATE mail", "hold_until"), _not(HOLD), _wrote("UPDATE delivery", "variant"))
CLAIM = _both(_wrote("UPDATE delivery", "tries", "leased_by", "variant"), _not(ACCEPT))
TAKE = _both(ACCEPT, _wrote("UPDATE outgoing", "state"))

SMTP = ("plain", "edited", "large", "hold", "refused", "later", "copied")
SENT = ("plain", "edited", "large", "copied", "own")
LEAVING = (*SENT, "refused", "later")
JUDGED = ("edited", "large", "hold", "copied")
#: The next hop hears the envelope of these while they are stored.
TOLD = ("plain", "edited")


def is_body_file(path: object, *_: object, **__: object) -> bool:
    """Is this the file of a large mail?"""
    return isinstance(path, Path) and path.suffix == ".eml"


_ANNOUNCE = "gateway.delivery.client:SmtpClient.announce"

#: Where the first process of a mail dies.
FIRST = (
    Point("before the body file is synced", Call("os:fsync", BEFORE), ("large",)),
    Point("after the body file is synced", Call("gateway.store.spool:sync_directory", AFTER), ("large",)),
    Point("before the acceptance commit", Commit(ACCEPT, BEFORE), SMTP),
    # The commit is on its way in its thread: the mail is stored or it is not.
    Point("at its commit, the envelope told", Call(_ANNOUNCE, AFTER), TOLD, after_another=True),
    Point("after the acceptance commit, before 250", Commit(ACCEPT, AFTER), SMTP),
    Point("after 250", Outside(), SMTP, window=None),
    Point("after judging", Call("gateway.judgement.judge:decide", AFTER), JUDGED),
    Point("before the edit commit", Commit(EDIT, BEFORE), ("edited", "large", "copied", "later")),
    Point("after the edit commit", Commit(EDIT, AFTER), ("edited", "large", "copied", "later")),
    Point("before the hold commit", Commit(HOLD, BEFORE), ("hold",)),
    Point("after the hold commit", Commit(HOLD, AFTER), ("hold",)),
    Point("before the first command to the next hop", Call("gateway.delivery.relay:Relay.attempt", BEFORE), LEAVING),
    Point("at MAIL", Wire("MAIL"), LEAVING),
    Point("at RCPT", Wire("RCPT"), LEAVING),
    Point("between RCPT and DATA", Wire("DATA"), (*SENT, "later")),
    # Our last octets may be on the wire already: then the next hop takes the mail from a dead process.
    Point("in the middle of the message", Wire("body"), (*SENT, "later"), window=None),
    Point("after the dot, before the next hop's 250", Wire("dot"), SENT, window=True),
    Point("after the next hop's 250", Call("gateway.delivery.relay:Relay.attempt", AFTER), SENT, window=True),
    Point("before the mark commit", Commit(MARK, BEFORE), SENT, window=True),
    Point("after the mark commit, before its files go", Commit(MARK, AFTER), LEAVING),
    Point("while a refusal is written down", Commit(MARK, BEFORE), ("refused", "later")),
    Point("after a report was put, before its commit", Call("core.outbox:put", AFTER), ("refused",)),
    Point("before the body file is deleted", Call("pathlib:Path.unlink", BEFORE, is_body_file), ("large",)),
    Point("after the body file is deleted", Call("pathlib:Path.unlink", AFTER, is_body_file), ("large",)),
    Point("before own mail is taken", Commit(TAKE, BEFORE), ("own",)),
    Point("after own mail is taken", Commit(TAKE, AFTER), ("own",)),
)

#: Where a process dies that found many mails left by dead ones; ``kinds`` says what must be lying there.
LATER = (
    Point("before the claim commit", Commit(CLAIM, BEFORE), ("waiting",)),
    Point("after the claim commit", Commit(CLAIM, AFTER), ("waiting",)),
    Point("before approval is committed", Commit(EDIT, BEFORE), ("held", "approve")),
    Point("after approval is committed", Commit(EDIT, AFTER), ("held", "approve")),
    Point("before a hold's release is committed", Commit(RELEASE, BEFORE), ("held", "overdue")),
    Point("after a hold's release is committed", Commit(RELEASE, AFTER), ("held", "overdue")),
    Point("recovering: before the edit commit", Commit(EDIT, BEFORE), ("unjudged",)),
    Point("recovering: after the edit commit", Commit(EDIT, AFTER), ("unjudged",)),
    Point("recovering: between RCPT and DATA", Wire("DATA"), ("waiting",)),
    Point("recovering: after the dot", Wire("dot"), ("waiting",)),
    Point("recovering: before the mark commit", Commit(MARK, BEFORE), ("waiting",)),
    Point("recovering: after the mark commit", Commit(MARK, AFTER), ("waiting",)),
    Point("recovering: while reports are taken", Commit(TAKE, BEFORE), ("report",)),
    Point("recovering: after reports were taken", Commit(TAKE, AFTER), ("report",)),
    Point("recovering: before a body file is deleted", Call("pathlib:Path.unlink", BEFORE, is_body_file), ("body",)),
    Point("recovering: at a random moment", Outside(), ("waiting",)),
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: Point | None, engine: Engine) -> None:
    """Let this process die at ``point``; for a child, right after the fork."""
    if point is None:
        return
    if isinstance(point.seam, Commit):
        _arm_commit(point.seam, engine)
    elif isinstance(point.seam, Call):
        _arm_call(point.seam)


def _arm_commit(seam: Commit, engine: Engine) -> None:
    driver.watch(engine, _remember)
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        is_it = seam.is_it(getattr(connection.driver_connection, "wrote", []))
        if is_it and seam.when == BEFORE:
            die()
        commit(connection)
        if is_it:
            die()

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]


def _remember(connection: Any, sql: str) -> None:
    if sql.startswith("BEGIN"):
        connection.wrote = []
    elif found := _WRITE.match(sql):
        head = sql.partition(" WHERE ")[0]
        connection.wrote.append((f"{found[1]} {found[2]}", frozenset(_SET.findall(head))))


def _arm_call(seam: Call) -> None:
    module, _, path = seam.target.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    setattr(owner, name, _dying(getattr(owner, name), seam))


def _dying(function: Callable[..., Any], seam: Call) -> Callable[..., Any]:
    def step(when: str, arguments: Iterable[Any]) -> None:
        if when == seam.when and seam.only(*arguments):
            die()

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        step(BEFORE, arguments)
        result = function(*arguments, **named)
        step(AFTER, arguments)
        return result

    @functools.wraps(function)
    async def call_async(*arguments: Any, **named: Any) -> Any:
        step(BEFORE, arguments)
        result = await function(*arguments, **named)
        step(AFTER, arguments)
        return result

    return call_async if inspect.iscoroutinefunction(function) else call
