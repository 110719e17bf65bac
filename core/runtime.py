"""What every use case needs, in one value; and the transaction it works in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from core.clock import Clock
from core.crypto import KeyRing
from core.db import Database, Kept, Transaction
from core.installation import bump_config_version
from core.log import get_logger
from core.settings import Settings
from core.waker import NoWaker, Waker

log = get_logger(__name__)


@dataclass
class Tx:
    """One transaction. Use cases are functions ``verb(tx, …)``; who opened it commits it."""

    transaction: Transaction
    now: datetime
    keys: KeyRing
    settings: Settings
    queues: set[str] = field(default_factory=set)
    hooks: list[Callable[[], None]] = field(default_factory=list)
    #: Of the configuration that this transaction makes.
    config_version: int | None = None

    @property
    def session(self) -> Session:
        return self.transaction.session

    @property
    def connection(self) -> Connection:
        """For statements without the ORM."""
        return self.transaction.connection

    def config_changed(self) -> None:
        """Let running processes reload companies, agencies and rules within a second."""
        self.config_version = bump_config_version(self.session)

    def wake(self, queue: str) -> None:
        """After the commit, tell those who wait on ``queue``."""
        self.queues.add(queue)

    def after_commit(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    db: Database
    clock: Clock
    keys: KeyRing
    waker: Waker = field(default_factory=NoWaker)
    #: Called with the version of the configuration that was committed.
    on_config: Callable[[int], None] | None = None

    @contextmanager
    def begin(self, kept: Kept | None = None) -> Iterator[Tx]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        with self.db.transaction(write=True, kept=kept) as transaction:
            tx = self.transaction(transaction)
            yield tx
        self.committed(tx)

    @contextmanager
    def read(self, kept: Kept | None = None) -> Iterator[Tx]:
        """A transaction that only reads."""
        with self.db.transaction(write=False, kept=kept) as transaction:
            yield self.transaction(transaction)

    def transaction(self, transaction: Transaction) -> Tx:
        """Wrap a transaction that somebody else commits; they call `committed` afterwards."""
        return Tx(transaction, self.clock.now(), self.keys, self.settings)

    def committed(self, tx: Tx) -> None:
        """Wake who waits, tell of a new configuration and run the hooks.

        The commit stands: a hook that cannot do its part must not look like a failed transaction, or the caller would
        run it a second time.
        """
        for queue in sorted(tx.queues):
            self.waker.wake(queue)
        if tx.config_version is not None and self.on_config is not None:
            self.on_config(tx.config_version)
        for hook in tx.hooks:
            try:
                hook()
            except OSError as error:
                log.warning("after a commit", extra={"error": type(error).__name__, "errno": error.errno})
