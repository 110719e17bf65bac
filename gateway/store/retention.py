"""What the mail floor forgets by itself: sealed copies after `retention.raw_days`, body files without a row, and what
SQLite still remembers of deleted rows.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, bindparam, delete, select

from core.bulk import Query
from core.runtime import Runtime, Tx
from core.settings import Settings
from gateway import copies
from gateway.store.spool import directory_of
from gateway.tables import mail, mail_copy

#: A body file is written before its row is committed: only an old one without a row is an orphan.
ORPHAN_AGE_S = 3600.0
CHECKPOINT_WAIT_MS = 200


def purge(tx: Tx, limit: int = 200) -> int:
    """Forget copies whose days are over; of how many mails. Call again while it gives ``limit``."""
    return copies.purge(tx, limit)


def old_strangers(tx: Tx, limit: int = 200) -> list[int]:
    """Finished mails that nobody may look into, older than `retention.raw_days`. Reads the whole table: seldom."""
    horizon = tx.now - timedelta(days=tx.settings.retention.raw_days)
    return [mail_id for (mail_id,) in _OLD_STRANGERS.rows(tx, horizon=horizon, limit=limit)]


_OLD_STRANGERS = Query(
    select(mail.c.id)
    .where(mail.c.judged.is_(False), mail.c.finished_at < bindparam("horizon"))
    .limit(bindparam("limit", type_=Integer))
)


def delete_rows(tx: Tx, mail_ids: Sequence[int]) -> None:
    """Delete mails with their deliveries. What was decided about recruiting senders' mails is never among them."""
    tx.session.execute(delete(mail).where(mail.c.id.in_(mail_ids), mail.c.judged.is_(False)))


def orphans(tx: Tx, now_s: float) -> list[Path]:
    """Old files of bodies and copies that no row names; ``now_s`` is Unix time, as files have it."""
    old = _older_than(tx.settings, now_s - ORPHAN_AGE_S)
    if not old:
        return []
    # By name, which is unique: HOME may have moved, or be written in another way, since the row was.
    named: set[str] = set()
    for column in (mail.c.body_path, mail_copy.c.path):
        paths = tx.session.scalars(select(column).where(column.is_not(None)))
        named |= {Path(path).name for path in paths if path is not None}
    return [path for path in old if path.name not in named]


def _older_than(settings: Settings, horizon_s: float) -> list[Path]:
    bodies = (*directory_of(settings).glob("*.eml"), *copies.directory_of(settings).glob("*.sealed"))
    return [path for path in bodies if path.stat().st_mtime < horizon_s]


def remove_orphans(runtime: Runtime) -> int:
    """Delete body files left by a crash between file and commit; how many."""
    with runtime.read() as tx:
        found = orphans(tx, time.time())
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def truncate_log(runtime: Runtime) -> bool:
    """Empty SQLite's write-ahead log, which still holds the pages of deleted mails; False when somebody reads just now.

    The database file itself keeps nothing: `secure_delete` overwrites what is deleted.
    """
    if runtime.db.sqlite_file is None:
        return True
    with runtime.db.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        busy_ms = raw.execute("PRAGMA busy_timeout").fetchone()[0]
        raw.execute(f"PRAGMA busy_timeout={CHECKPOINT_WAIT_MS}").close()
        try:
            return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        finally:
            raw.execute(f"PRAGMA busy_timeout={busy_ms}").close()
