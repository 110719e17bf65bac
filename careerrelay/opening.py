"""Turns settings into a runtime: database of the right version, key ring, and the way to wake the workers."""

from collections.abc import Iterator
from contextlib import contextmanager

from careerrelay import schema
from careerrelay.home import prepare_home
from core.clock import SystemClock
from core.crypto import KeyRing
from core.db import Database
from core.rq_runner import RedisWaker
from core.runtime import Runtime
from core.settings import Settings
from core.waker import SocketWaker


@contextmanager
def opened(settings: Settings) -> Iterator[Runtime]:
    """The runtime of this process, closed at the end.

    Raises:
        ConfigError: no database of this version, or no usable key ring.
        Temporary: the database does not answer.
    """
    prepare_home(settings)
    db = Database(settings.effective_database_url)
    waker = RedisWaker(settings.redis_url) if settings.redis_url else SocketWaker(settings.home)
    try:
        schema.check_current(db)
        yield Runtime(settings, db, SystemClock(), KeyRing.load(settings.keys_file), waker)
    finally:
        waker.close()
        db.close()


def migrated(settings: Settings) -> list[str]:
    """Create or upgrade the database of these settings; returns the steps that were run."""
    prepare_home(settings)
    db = Database(settings.effective_database_url)
    try:
        if schema.is_current(db):
            KeyRing.load(settings.keys_file)
            return []
        from careerrelay import migrate  # Alembic and every floor's tables: only for whoever migrates

        return migrate.upgrade(settings, db)
    finally:
        db.close()


def is_new(settings: Settings) -> bool:
    """No step was ever run on this database (or its file does not exist)."""
    db = Database(settings.effective_database_url)
    try:
        return schema.is_empty(db)
    finally:
        db.close()
