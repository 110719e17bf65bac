"""Turns settings into a runtime: database of the right version, key ring, and the way to wake the workers."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from careerrelay import schema
from careerrelay.home import prepare_home
from core.clock import SystemClock
from core.crypto import KeyRing
from core.db import Database
from core.runtime import Runtime
from core.settings import Settings
from core.waker import NoWaker, SocketWaker

if TYPE_CHECKING:
    from core.rq_runner import RedisWaker


@contextmanager
def opened(settings: Settings, shared: Database | None = None) -> Iterator[Runtime]:
    """The runtime of this process, closed at the end. ``shared``: of `checked`, by the process that forked this one.

    Raises:
        ConfigError: no database of this version, or no usable key ring.
        Temporary: the database does not answer.
    """
    with closing(shared or Database(settings.effective_database_url)) as db, closing(_waker(settings)) as waker:
        if shared is None:
            schema.check_current(db)
        keys = KeyRing.load(settings.keys_file)
        prepare_home(settings)  # last: where no installation is, none is begun
        yield Runtime(settings, db, SystemClock(), keys, waker)


def _waker(settings: Settings) -> "SocketWaker | RedisWaker":
    if not settings.redis_url:
        return SocketWaker(settings.home)
    from core.rq_runner import RedisWaker  # 8 MB of Redis client: only where Redis is used

    return RedisWaker(settings.redis_url)


@contextmanager
def opened_briefly(settings: Settings) -> Iterator[Runtime]:
    """A runtime for one transaction of a process that forks: wakes nobody and leaves no connection, no thread.

    The caller has checked the database's version. Raises ConfigError without a usable key ring.
    """
    with closing(Database(settings.effective_database_url)) as db:
        yield Runtime(settings, db, SystemClock(), KeyRing.load(settings.keys_file), NoWaker())


def checked(settings: Settings) -> Database:
    """What `opened` would raise; the database, known and without a connection, for processes made by fork.

    An engine costs several hundred functions to make, each of them a page or two of a process that shares its memory.
    """
    with closing(Database(settings.effective_database_url)) as db:
        schema.check_current(db)
        KeyRing.load(settings.keys_file)
    return db


def must_migrate(settings: Settings) -> bool:
    """Has `migrated` something to do? If not, the key ring is there and usable.

    Raises:
        ConfigError: the database is of a newer version, or its key ring is missing or damaged.
        Temporary: the database does not answer.
    """
    with closing(Database(settings.effective_database_url)) as db:
        if not schema.is_current(db):
            return True
        KeyRing.load(settings.keys_file)
        return False


def migrated(settings: Settings) -> list[str]:
    """Create or upgrade the database of these settings; returns the steps that were run."""
    prepare_home(settings)
    if not must_migrate(settings):
        return []
    from careerrelay import migrate  # Alembic and every floor's tables: only for whoever migrates

    with closing(Database(settings.effective_database_url)) as db:
        return migrate.upgrade(settings, db)


def is_new(settings: Settings) -> bool:
    """No step was ever run on this database (or its file does not exist)."""
    with closing(Database(settings.effective_database_url)) as db:
        return schema.is_empty(db)
