"""Job rows: everything that waits, written in the transaction that needs it done.

A worker claims rows with a lease. The attempt number is the fence: who lost a lease cannot finish the job any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, and_, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.runtime import Tx

QUEUE = "jobs"
WAITING, DONE, DEAD, CANCELLED = "waiting", "done", "dead", "cancelled"
RETRY_S = (5, 30, 120, 600, 1800, 3600, 7200)


class Job(Base):
    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_due_at", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=WAITING)
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job as its handler sees it. ``payload`` holds ids and small values, never personal data."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    tries: int
    owner: str


def enqueue(tx: Tx, kind: str, key: str, payload: dict[str, Any] | None = None, due_at: datetime | None = None) -> bool:
    """Write the job; False when one with this key exists already, whatever became of it."""
    insert = postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    due = tx.now if due_at is None else due_at
    row = {"kind": kind, "key": key, "payload": payload or {}, "due_at": due, "created_at": tx.now}
    row |= {"tries": 0, "state": WAITING, "error": ""}
    added = tx.session.execute(
        insert(Job).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(Job.id)
    ).scalar()
    if added is not None and due <= tx.now:
        tx.wake(QUEUE)
    return added is not None


def cancel(tx: Tx, key: str) -> bool:
    """Stop a job that has not begun; False when it is running, ended or unknown."""
    idle = or_(Job.lease_until.is_(None), Job.lease_until < tx.now)
    done = tx.session.execute(
        update(Job).where(Job.key == key, Job.state == WAITING, idle).values(state=CANCELLED, finished_at=tx.now)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def reschedule(tx: Tx, key: str, due_at: datetime) -> bool:
    """Make a waiting or ended job due (again) at ``due_at``, with fresh attempts; False when unknown."""
    values = {
        "due_at": due_at,
        "state": WAITING,
        "tries": 0,
        "error": "",
        "finished_at": None,
        "lease_until": None,
        "leased_by": None,
    }
    done = tx.session.execute(update(Job).where(Job.key == key).values(values))
    if due_at <= tx.now:
        tx.wake(QUEUE)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def backlog(tx: Tx) -> tuple[int, datetime | None, int]:
    """How many jobs wait, since when the oldest that nobody runs is due, and how many are dead."""
    rows = tx.session.execute(select(Job.state, func.count().label("jobs")).group_by(Job.state)).all()
    counts = {row.state: row.jobs for row in rows}
    idle = (Job.state == WAITING, or_(Job.lease_until.is_(None), Job.lease_until < tx.now))
    oldest = tx.session.scalar(select(func.min(Job.due_at)).where(*idle))
    return counts.get(WAITING, 0), oldest, counts.get(DEAD, 0)


def claim(tx: Tx, owner: str, limit: int, lease_s: float, kinds: list[str]) -> list[Claimed]:
    """Take up to ``limit`` due jobs; a job whose lease ran out is due again, one attempt further."""
    free = and_(Job.state == WAITING, Job.due_at <= tx.now, or_(Job.lease_until.is_(None), Job.lease_until < tx.now))
    due = (
        select(Job.id)
        .where(free, Job.kind.in_(kinds))
        .order_by(Job.due_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # PostgreSQL may run a plain sub-select twice and lock more rows than it takes
    )
    taken = tx.session.execute(
        update(Job)
        .where(Job.id.in_(select(due.c.id)))
        .values(tries=Job.tries + 1, leased_by=owner, lease_until=tx.now + timedelta(seconds=lease_s))
        .returning(Job.id, Job.kind, Job.key, Job.payload, Job.tries)
    ).all()
    return [
        Claimed(row.id, row.kind, row.key, row.payload, row.tries, owner)
        for row in sorted(taken, key=lambda row: row.id)
    ]


def finish(tx: Tx, job: Claimed) -> bool:
    """Mark done; False when the lease was lost and somebody else has the job now."""
    return _settle(tx, job, state=DONE, finished_at=tx.now, error="")


def retry(tx: Tx, job: Claimed, error: str, tries_max: int) -> bool:
    """Give the job back, due after its back-off; the last try makes it dead."""
    if job.tries >= tries_max:
        return bury(tx, job, error)
    wait_s = RETRY_S[min(job.tries, len(RETRY_S)) - 1]
    return _settle(tx, job, due_at=tx.now + timedelta(seconds=wait_s), error=error)


def put_off(tx: Tx, job: Claimed, until: datetime) -> bool:
    """Give the job back, due at ``until``, as if it had not been claimed."""
    return _settle(tx, job, due_at=until, tries=job.tries - 1)


def bury(tx: Tx, job: Claimed, error: str) -> bool:
    """Dead: no more tries, listed for a person."""
    return _settle(tx, job, state=DEAD, finished_at=tx.now, error=error)


def _settle(tx: Tx, job: Claimed, **values: object) -> bool:
    mine = (Job.id == job.id, Job.tries == job.tries, Job.leased_by == job.owner, Job.state == WAITING)
    done = tx.session.execute(update(Job).where(*mine).values(lease_until=None, leased_by=None, **values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def purge_finished(tx: Tx, before: datetime, limit: int = 200) -> int:
    """Forget done and cancelled jobs that ended before ``before``; dead ones stay for a person, four times as long.

    At most ``limit`` at a time: call again until it returns 0.
    """
    age = tx.now - before
    horizon = case((Job.state == DEAD, tx.now - 4 * age), else_=before)
    ids = tx.session.scalars(select(Job.id).where(Job.state != WAITING, Job.finished_at < horizon).limit(limit)).all()
    tx.session.execute(delete(Job).where(Job.id.in_(ids), Job.state != WAITING))
    return len(ids)
