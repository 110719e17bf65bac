"""Engine and sessions for SQLite (embedded default) and PostgreSQL (scaled out)."""

import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from core import sqlite
from core.db_errors import translated_errors
from core.errors import ConfigError


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out; SQLite keeps it as text without zone, PostgreSQL as timestamptz."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive datetime reached the database: use the clock")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=64)
def sqlite_text(value: datetime | None) -> str | None:
    """What SQLAlchemy makes of a `UtcDateTime` for SQLite; rows that are written together have the same moments.

    Raises:
        TypeError: the moment is naive.
    """
    if value is None:
        return None
    if value.tzinfo is None:
        raise TypeError("a naive datetime reached the database: use the clock")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


class Base(DeclarativeBase):
    """Every ``tables.py`` maps onto this; names of constraints are fixed, so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[Any]: JSON,
    }


_DIGITS = "0123456789abcdefghijklmnopqrstuv"  # base32hex (RFC 4648 7): as text in the order of the numbers
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_BITS = random.Random()  # noqa: S311 - an id is no secret, it only must not come twice
os.register_at_fork(after_in_child=_BITS.seed)  # or a supervisor's children would all go on with the same ones
_IDS_BEGAN_MS = 1_735_689_600_000  # 2025-01-01T00:00Z; 40 bits of milliseconds reach to 2059


def new_id() -> str:
    """A key for rows about people: 16 characters, known before the insert, so that seals can name it.

    Milliseconds, then 40 random bits, which are no secret: what is made together lies together in every index, and a
    commit writes a few pages instead of one for each row and index.
    """
    ms = time.time_ns() // 1_000_000 - _IDS_BEGAN_MS
    return _eight(ms & 0xFF_FFFF_FFFF) + _eight(_BITS.getrandbits(40))


def _eight(bits: int) -> str:
    return f"{_PAIRS[bits >> 30]}{_PAIRS[bits >> 20 & 0x3FF]}{_PAIRS[bits >> 10 & 0x3FF]}{_PAIRS[bits & 0x3FF]}"


def random_id() -> str:
    """A key that tells nothing, not even when it was made: 16 hex characters."""
    return secrets.token_hex(8)


class Database:
    """One engine. One that was closed may go through a fork: it knows its database and has no connection."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self.engine = _engine(self.url.drivername, url)
        except (ArgumentError, ImportError, ValueError) as error:
            raise ConfigError("DATABASE_URL cannot be used: write postgresql+psycopg://USER@HOST/NAME") from error
        self.dialect = self.engine.dialect.name
        self._writer = self.engine.execution_options(write=True)
        self._kept: list[Kept] = []

    @contextmanager
    def transaction(self, *, write: bool, kept: "Kept | None" = None) -> Iterator["Transaction"]:
        """One transaction: committed at the end, rolled back when anything is raised. ``kept``: of `keep`, for as much.

        Raises:
            Temporary: the database cannot be reached, is locked for too long, or its disk is full.
            Damaged: its SQLite file is.
        """
        transaction = Transaction(self._writer if write else self.engine, kept)
        with translated_errors(self.url):
            try:
                yield transaction
                if write:
                    transaction.commit()
                transaction.went_well = True
            finally:
                transaction.close()

    def wait_for_others(self, at_most_s: float) -> None:
        """Let new connections of this process wait so long for a row that somebody else has, and hold one as long while
        they do nothing. Of a server; SQLite has one lock, whose time is `sqlite.BUSY_MS`."""
        if self.sqlite_file is not None:
            return
        ms = round(at_most_s * 1000)

        def limit(connection: Any, _: object) -> None:
            connection.execute(f"SET lock_timeout = {ms}")
            connection.execute(f"SET idle_in_transaction_session_timeout = {4 * ms}")
            connection.commit()

        event.listen(self.engine, "connect", limit)

    def keep(self, *, write: bool) -> "Kept | None":
        """A connection for one thread that has many small transactions; None for a server, which may go away and come
        back while nobody looks: there the pool asks first."""
        if self.sqlite_file is None:
            return None
        self._kept.append(Kept(self._writer if write else self.engine))
        return self._kept[-1]

    @contextmanager
    def connection(self, *, write: bool) -> Iterator[Connection]:
        """The same for one who needs no more than its connection."""
        with translated_errors(self.url), (self._writer if write else self.engine).connect() as connection:
            if write:
                with connection.begin():
                    yield connection
            else:
                yield connection

    @property
    def sqlite_file(self) -> Path | None:
        return Path(self.url.database) if self.dialect == "sqlite" and self.url.database else None

    def prepare_file(self) -> None:
        """Make the SQLite file and switch it to WAL: once, before any other process opens it.

        Two processes that switch a fresh file at the same moment get "database is locked".
        """
        if self.sqlite_file is None:
            return
        self.sqlite_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with translated_errors(self.url), self.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA journal_mode=WAL").close()
        self.sqlite_file.chmod(0o600)

    def close(self) -> None:
        for kept in self._kept:
            kept.close()
        self.engine.dispose()


class Kept:
    """A connection that goes from one transaction to the next: taking it from the pool and giving it back costs as much
    as a few statements. After a fault the next transaction has a new one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def get(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def forget(self) -> None:
        self._connection = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self.forget()


class Transaction:
    """Begun by the first statement: through the ORM (`session`), or without it (`connection`) at half the cost."""

    #: Nothing was raised, by the statements or the commit.
    went_well = False

    def __init__(self, engine: Engine, kept: Kept | None = None) -> None:
        self._engine = engine
        self._kept = kept
        self._session: Session | None = None
        self._own: Connection | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            if self._kept is not None:
                self._begin()
            self._session = Session(self._own or self._engine, expire_on_commit=False)
        return self._session

    @property
    def connection(self) -> Connection:
        if self._session is not None:
            self._session.flush()  # what was added is there for statements without the ORM too
            return self._session.connection()  # asked each time: it is what begins a savepoint
        return self._own or self._begin()

    def _begin(self) -> Connection:
        if self._own is None:
            self._own = self._engine.connect() if self._kept is None else self._kept.get()
            self._own.begin()
        return self._own

    def begin_at_once(self) -> bool:
        """Begin, unless somebody else has SQLite's write lock at this moment or it is another database."""
        if self._kept is None:
            return False
        if not sqlite.begin_at_once(self._kept.get().connection.driver_connection):  # type: ignore[arg-type]
            return False
        self._begin()
        return True

    def begin(self) -> None:
        """Begin, and wait for whoever writes. Raises Temporary as `Database.transaction` does."""
        with translated_errors(self._engine.url):
            self._begin()

    def commit(self) -> None:
        if self._own is None:
            if self._session is not None:
                self._session.commit()
        else:
            if self._session is not None:
                self._session.flush()
            self._own.commit()

    def close(self) -> None:
        """End it; what was not committed is rolled back."""
        try:
            if self._session is not None:
                self._session.close()
        finally:
            if self._own is not None and self._kept is not None and self.went_well:
                self._own.rollback()  # ends one that only read
            elif self._own is not None:
                if self._kept is not None:
                    self._kept.forget()
                # A COMMIT that failed leaves it open, and closing alone would give the pool a connection in the middle
                # of a transaction.
                with closing(self._own):
                    self._own.rollback()


def _engine(driver: str, url: str) -> Engine:
    if driver.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=sqlite.KEPT,
            max_overflow=32 - sqlite.KEPT,
            pool_use_lifo=True,  # the one used last has what it read in its cache; the others need none
            connect_args={"timeout": sqlite.BUSY_MS / 1000, "check_same_thread": False},
        )
        event.listen(engine, "connect", sqlite.on_connect)
        event.listen(engine, "begin", sqlite.on_begin)
        return engine
    return create_engine(
        url,
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        connect_args={
            # A row that somebody else has is waited for as long as SQLite's lock.
            "options": f"-c synchronous_commit=on -c timezone=UTC -c lock_timeout={sqlite.BUSY_MS}ms",
            # A server that has gone without a word is an error within half a minute, not a thread that waits for ever.
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        },
    )
