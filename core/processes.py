"""Processes of this installation with a heartbeat; a lease on a mail dies with the process that holds it.

With each beat a process says which version of the configuration it follows, so that whoever changed something can wait
until it is in force.
"""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.bulk import Bulk, Query
from core.db import Base
from core.runtime import Tx

BEAT_S = 2.0
DEAD_AFTER_S = 20.0
#: Nobody waits for one that is silent for longer: it hangs, or its machine is gone.
LATE_AFTER_S = 3 * BEAT_S


class Process(Base):
    __tablename__ = "process"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    #: The installation's ``config_version`` that it has read; None while it starts.
    follows: Mapped[int | None]


def register(tx: Tx, role: str) -> int:
    values = {
        "role": role,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": tx.now,
        "beat_at": tx.now,
    }
    ((process_id,),) = _REGISTER.rows(tx, **values)
    return int(process_id)


def beat(tx: Tx, process_id: int, follows: int) -> bool:
    """Say that this process lives, and what configuration it follows.

    False when somebody has declared it dead: it must end, its mails belong to others now.
    """
    return _BEAT.run(tx, [{"process": process_id, **_self(), "now": tx.now, "version": follows}]) > 0


def living(tx: Tx, process_id: int) -> bool:
    """Tell whether nobody has declared this process dead. If so, nobody does until the transaction has ended.

    What it stores under its lease otherwise waits for a process that no longer is. SQLite gives a number again: it is
    ours only with our own pid.
    """
    return bool(_LIVING.rows(tx, process=process_id, **_self()))


def _self() -> dict[str, object]:
    return {"own_host": socket.gethostname(), "own_pid": os.getpid()}


def behind(tx: Tx, config_version: int) -> int:
    """How many living processes do not follow that version of the configuration yet."""
    heard_since = tx.now - timedelta(seconds=LATE_AFTER_S)
    late = or_(Process.follows.is_(None), Process.follows < config_version)
    return tx.session.execute(select(func.count()).where(late, Process.beat_at >= heard_since)).scalar_one()


def beats(tx: Tx) -> dict[int, datetime]:
    """The last heartbeat of each process."""
    return dict(_BEATS.rows(tx))


def by_pid(tx: Tx, pid: int) -> list[int]:
    """Rows of a child of this machine that has ended; the supervisor knows it before any heartbeat does."""
    return list(tx.session.scalars(select(Process.id).where(Process.pid == pid, Process.host == socket.gethostname())))


def forget(tx: Tx, process_id: int) -> None:
    tx.session.execute(delete(Process).where(Process.id == process_id))


_REGISTER = Query(
    insert(Process)
    .values({name: bindparam(name) for name in ("role", "host", "pid", "started_at", "beat_at")})
    .returning(Process.id)
)
_IS_OURS = (
    Process.id == bindparam("process"),
    Process.host == bindparam("own_host"),
    Process.pid == bindparam("own_pid"),
)
# A shared lock, which others may have too and whoever deletes the row waits for; SQLite's writers are alone anyway.
_LIVING = Query(select(Process.id).where(*_IS_OURS).with_for_update(read=True, key_share=True))
_BEAT = Bulk(update(Process).where(*_IS_OURS).values(beat_at=bindparam("now"), follows=bindparam("version")))
_BEATS = Query(select(Process.id, Process.beat_at))
