"""What the web floor forgets: answers kept for a replay, sign-in links that ended, counts of failed sign-ins."""

from datetime import timedelta

from sqlalchemy import delete, select, tuple_

from core.runtime import Tx
from web.tables import ApiReplay, SignInFailure, SignInLink

ROWS_MAX = 200
REPLAY_HOURS = 24
LINK_DAYS = 1
FAILURE_DAYS = 2


def purge(tx: Tx) -> int:
    """Delete up to 200 rows of each kind; returns how many. Call again until it returns 0."""
    return _replays(tx) + _links(tx) + _failures(tx)


def _replays(tx: Tx) -> int:
    ended = ApiReplay.created_at < tx.now - timedelta(hours=REPLAY_HOURS)
    rows = tx.session.execute(select(ApiReplay.agency_id, ApiReplay.key).where(ended).limit(ROWS_MAX)).all()
    keys = [tuple(row) for row in rows]
    if keys:
        tx.session.execute(delete(ApiReplay).where(tuple_(ApiReplay.agency_id, ApiReplay.key).in_(keys)))
    return len(keys)


def _links(tx: Tx) -> int:
    ended = SignInLink.expires_at < tx.now - timedelta(days=LINK_DAYS)
    hashes = tx.session.scalars(select(SignInLink.token_sha256).where(ended).limit(ROWS_MAX)).all()
    tx.session.execute(delete(SignInLink).where(SignInLink.token_sha256.in_(hashes)))
    return len(hashes)


def _failures(tx: Tx) -> int:
    ended = SignInFailure.window_started_at < tx.now - timedelta(days=FAILURE_DAYS)
    buckets = tx.session.scalars(select(SignInFailure.bucket).where(ended).limit(ROWS_MAX)).all()
    # Asked again: a failure meanwhile starts a new window in the same row, and that count must stay.
    tx.session.execute(delete(SignInFailure).where(SignInFailure.bucket.in_(buckets), ended))
    return len(buckets)
