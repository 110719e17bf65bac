"""An API POST with the same Idempotency-Key does its work once and gets the same answer again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import Permanent
from core.runtime import Tx
from web.tables import ApiReplay

KEY_CHARS_MAX = 255


class KeyMissing(Permanent):
    """A POST came without a usable Idempotency-Key."""


class KeyReused(Permanent):
    """The key came before, with another request."""


@dataclass(frozen=True, slots=True)
class About:
    """What a call is about, by number: with an erasure the kept answer goes too."""

    referral_id: str | None = None
    introduction_id: str | None = None


NOTHING = About()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Mapping[str, object]
    replayed: bool = False


def once(tx: Tx, agency_id: int, key: str, request: bytes, act: Callable[[], Reply], about: About = NOTHING) -> Reply:
    """Run ``act`` unless this agency sent ``key`` before; both in the caller's transaction, so that an act and its
    memory stand or fall together. A refused act is not remembered: it may be tried again.

    Raises:
        KeyMissing: the key is empty or too long.
        KeyReused: the key came before with another request.
    """
    if not 0 < len(key) <= KEY_CHARS_MAX or not key.isprintable():
        raise KeyMissing("send a header Idempotency-Key of 1 to 255 characters")
    digest = hashlib.sha256(request).digest()
    if not _take(tx, agency_id, key, digest):
        row = tx.session.scalars(select(ApiReplay).where(ApiReplay.agency_id == agency_id, ApiReplay.key == key)).one()
        if row.request_sha256 != digest:
            raise KeyReused("this Idempotency-Key came before with another request")
        return Reply(row.status, json.loads(row.body), replayed=True)
    reply = act()
    row = tx.session.get_one(ApiReplay, (agency_id, key))
    row.status, row.body = reply.status, json.dumps(reply.body, ensure_ascii=False)
    row.referral_id, row.introduction_id = about.referral_id, about.introduction_id
    tx.session.flush()
    return reply


def _take(tx: Tx, agency_id: int, key: str, digest: bytes) -> bool:
    """Whether the key is ours now. A second request with the same key waits here for the first one's commit."""
    insert = postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {
        "agency_id": agency_id,
        "key": key,
        "request_sha256": digest,
        "status": 0,
        "body": "",
        "created_at": tx.now,
    }
    statement = insert(ApiReplay).values(values).on_conflict_do_nothing(index_elements=["agency_id", "key"])
    return tx.session.execute(statement.returning(ApiReplay.agency_id)).first() is not None
