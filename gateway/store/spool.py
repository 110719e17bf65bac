"""The durable spool: a mail is in the database (large bodies in a synced file beside it) before anybody hears 250.

RFC 5321 4.2.5 and 6.1: with 250 the responsibility is ours.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Integer, bindparam, delete, func, insert, select

from core import processes
from core.bulk import Bulk, Query, insert_ignoring
from core.db import new_id
from core.errors import Temporary
from core.runtime import Tx
from core.settings import Settings
from gateway import replies
from gateway.letter.envelope import Arrival, Envelope
from gateway.replies import Deferral
from gateway.tables import DeliveryState, MailState, Origin, Variant, delivery, mail

HEAD_BYTES_MAX = 262_144


def directory_of(settings: Settings) -> Path:
    return (settings.home / "spool").absolute()


def new_path(settings: Settings) -> Path:
    """A name for a new body file; the database row that names it comes later."""
    return directory_of(settings) / f"{new_id()}.eml"


class Spool:
    """The directory of large bodies, the space left, and the memory that mails in reception take."""

    def __init__(self, settings: Settings) -> None:
        self.directory = directory_of(settings)
        self.inline_bytes_max = settings.spool.inline_bytes_max
        self.settings = settings
        self._free_bytes_min = settings.spool.free_bytes_min
        self._memory_bytes_max = settings.smtp.data_memory_bytes_max
        self.memory_bytes = 0
        self.free_bytes = 0
        #: Queue ids of mails that were answered 451 although they may be stored: their clients keep them.
        self.doubtful: set[str] = set()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.look()

    def look(self) -> None:
        """Measure the free space; the sweep calls this every second."""
        self.free_bytes = shutil.disk_usage(self.directory).free

    def check_space(self, size_bytes: int) -> None:
        """Refuse before the disk is full, not when it is.

        Raises:
            Deferral: 452, the sender keeps its mail.
        """
        if self.free_bytes - size_bytes < self._free_bytes_min:
            raise Deferral(replies.NO_SPACE)

    @property
    def memory_is_full(self) -> bool:
        return self.memory_bytes >= self._memory_bytes_max


class Doubtful(Temporary):
    """Nobody knows whether a mail is stored, since the database does not answer."""


class IdTaken(Temporary):
    """Another mail has the queue id: ours is not stored, and its client comes again."""


class Body:
    """A message while it arrives: in memory up to the inline limit, then in a file.

    Use as a context manager: a file that was not kept is gone at its end.
    """

    def __init__(self, spool: Spool) -> None:
        self.size = 0
        self.path: Path | None = None
        self._spool = spool
        self._memory = bytearray()
        self._head = bytearray()
        self._file = -1
        self._error: OSError | None = None
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def drop(self) -> None:
        """Forget the message, unless it was kept."""
        self._release_memory()
        self._close()
        if not self._kept and self.path is not None:
            self.path.unlink(missing_ok=True)

    def write(self, octets: bytes) -> None:
        """Take the next octets; an error of the disk is remembered, so that the rest can still be read and dropped."""
        self.size += len(octets)
        if self._error is not None:
            return
        try:
            if self.path is None and (self.size > self._spool.inline_bytes_max or self._spool.memory_is_full):
                self._open()
            if self.path is None:
                self._memory += octets
                self._spool.memory_bytes += len(octets)
            else:
                self._head += octets[: HEAD_BYTES_MAX - len(self._head)]
                _write_all(self._file, octets)
        except OSError as error:
            self._error = error
            self._release_memory()

    @property
    def head(self) -> bytes:
        """The beginning of the message, as far as any header may reach."""
        return bytes(self._memory[:HEAD_BYTES_MAX] if self.path is None else self._head)

    async def keep(self) -> bytes | None:
        """Make the body durable as far as it is a file; gives the bytes that belong in the row.

        From here on the file stays even when the commit fails: whether it failed may be unknown, and a row without
        its file would be a lost mail. Files without a row are swept up later.

        Raises:
            OSError: the disk did not take it; nothing is kept.
        """
        if self._error is not None:
            raise self._error
        if self.path is None:
            self._kept = True
            return bytes(self._memory)
        await asyncio.to_thread(self._sync, self.path.parent)
        self._kept = True
        return None

    def _open(self) -> None:
        path = new_path(self._spool.settings)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.path = path
        self._head = self._memory[:HEAD_BYTES_MAX]
        _write_all(self._file, self._memory)
        self._release_memory()

    def _sync(self, directory: Path) -> None:
        os.fsync(self._file)
        sync_directory(directory)

    def _release_memory(self) -> None:
        self._spool.memory_bytes -= len(self._memory)
        self._memory = bytearray()

    def _close(self) -> None:
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1


def _write_all(file: int, octets: bytes | bytearray) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(file, view) :]


def sync_directory(directory: Path) -> None:
    """Make a new file's name durable, not only its bytes."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to store. ``leased_by``: the process that will deliver it at once; None leaves it to whoever sweeps."""

    queue_id: str
    origin: Origin
    company_id: int | None
    may_judge: bool
    envelope: Envelope
    arrival: Arrival
    size: int
    raw: bytes | None
    body_path: Path | None
    leased_by: int | None
    outgoing_id: str | None = None
    gate_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a mail's row says of its decision, and the position of the delivery that carries the edited variant.

    None: every delivery carries the original."""

    columns: dict[str, object]
    edited: int | None = None


_UNJUDGED: dict[str, object] = {
    "state": MailState.RECEIVED.value,
    "judged": False,
    "note": "",
    "verdict": None,
    "decision": None,
    "edits": None,
}


def store(tx: Tx, mails: Sequence[NewMail]) -> list[int]:
    """Insert mails with their deliveries, in one statement each; gives the mails' ids in order.

    With a lease the first try is counted here: no further sync comes before the first attempt (decisions 6). A mail
    whose queue id is there already was stored by a commit whose answer was lost: it is not stored again.
    """
    return insert_mails(tx, [(mail_id, new, None) for mail_id, new in zip(new_ids(tx, len(mails)), mails, strict=True)])


def insert_mails(tx: Tx, mails: Sequence[tuple[int, NewMail, Judged | None]]) -> list[int]:
    """The same for mails that have their ids, and may be judged already; the ids under which they are stored.

    Raises:
        Temporary: the process that was to deliver one of them at once was declared dead. Nothing is stored.
    """
    for process_id in {new.leased_by for _, new, _ in mails if new.leased_by is not None}:
        if not processes.living(tx, process_id):
            raise Temporary("this process was declared dead")
    if _INSERT_MAIL.run(tx, [_mail_row(*each) for each in mails]) != len(mails):
        ids = [_known(tx, new) for _, new, _ in mails]
        mails = [each for each, known in zip(mails, ids, strict=True) if each[0] == known]
    else:
        ids = [mail_id for mail_id, _, _ in mails]
    _INSERT_DELIVERY.run(tx, [row for each in mails for row in _delivery_rows(*each)])
    return ids


def _known(tx: Tx, new: NewMail) -> int:
    known = find(tx, new)
    if known is None:
        raise Temporary("a mail is gone again")
    return known.mail_id


def new_ids(tx: Tx, count: int) -> list[int]:
    """Ids for new mails. On SQLite the writer is alone, so the next ones are free; PostgreSQL has its sequence.

    Known beforehand, because a statement that returns the ids it made costs several times as much.
    """
    if tx.connection.dialect.name == "postgresql":
        return [mail_id for (mail_id,) in _NEXT_IDS.rows(tx, count=count)]
    ((last,),) = _LAST_ID.rows(tx)
    return list(range((last or 0) + 1, (last or 0) + 1 + count))


@dataclass(frozen=True, slots=True)
class Known:
    """A mail that is stored. ``edits``: what makes the edited variant, packed."""

    mail_id: int
    edits: bytes | None


def find(tx: Tx, new: NewMail) -> Known | None:
    """The mail under its queue id, if it is stored.

    Raises:
        IdTaken: another mail has its queue id.
    """
    columns = mail.c
    found = tx.connection.execute(
        select(columns.id, columns.edits, columns.size, columns.received_at).where(columns.queue_id == new.queue_id)
    ).one_or_none()
    if found is None:
        return None
    if (found.size, found.received_at) != (new.size, new.arrival.at):
        raise IdTaken("a queue id was given twice")
    return Known(int(found.id), found.edits)


def withdraw(tx: Tx, queue_ids: Sequence[str]) -> int:
    """Delete mails that were answered 451 and are stored all the same; how many. Their clients send them again."""
    known = tx.connection.execute(
        delete(mail)
        .where(mail.c.queue_id.in_(queue_ids), mail.c.state.in_((MailState.RECEIVED.value, MailState.READY.value)))
        .returning(mail.c.body_path)
    )
    paths = [row.body_path for row in known]
    for path in paths:
        if path is not None:
            tx.after_commit(partial(Path(path).unlink, missing_ok=True))
    return len(paths)


_NEXT_IDS = Query(
    select(func.nextval(func.pg_get_serial_sequence("mail", "id"))).select_from(
        func.generate_series(1, bindparam("count", type_=Integer))
    )
)
_LAST_ID = Query(select(func.max(mail.c.id)))
_INSERT_MAIL = insert_ignoring(mail, "queue_id", without=("hold_until", "finished_at"))
_INSERT_DELIVERY = Bulk(insert(delivery), without=("code", "status", "reply", "finished_at"))


def _mail_row(mail_id: int, new: NewMail, judged: Judged | None) -> dict[str, object]:
    row = {
        "id": mail_id,
        "queue_id": new.queue_id,
        "origin": new.origin.value,
        "company_id": new.company_id,
        "may_judge": new.may_judge,
        "envelope_from": new.envelope.sender,
        "mail_params": dict(new.envelope.params),
        "peer": new.arrival.peer,
        "helo": new.arrival.helo,
        "protocol": new.arrival.protocol,
        "tls": new.arrival.tls,
        "size": new.size,
        "received_at": new.arrival.at,
        "outgoing_id": new.outgoing_id,
        "gate_ref": new.gate_ref,
        "body_path": str(new.body_path) if new.body_path else None,
        "raw": new.raw,
        **_UNJUDGED,
    }
    return row if judged is None else row | judged.columns


def _delivery_rows(mail_id: int, new: NewMail, judged: Judged | None) -> list[dict[str, object]]:
    leased = new.leased_by is not None
    edited = None if judged is None else judged.edited
    return [
        {
            "mail_id": mail_id,
            "position": position,
            "recipient": recipient.address,
            "rcpt_params": dict(recipient.params),
            "variant": (Variant.EDITED if position == edited else Variant.ORIGINAL).value,
            "state": (DeliveryState.SENDING if leased else DeliveryState.WAITING).value,
            "tries": 1 if leased else 0,
            "uncertain": 0,
            "due_at": new.arrival.at,
            "leased_by": new.leased_by,
            "delay_told": False,
        }
        for position, recipient in enumerate(new.envelope.recipients)
    ]
