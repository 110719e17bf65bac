"""Who did something, in words: the audit log and the answers to mails hold an id, never an address."""

from collections.abc import Iterable

from sqlalchemy import select

from core.runtime import Tx
from web.i18n import gettext
from web.tables import ConsoleUser


def names(tx: Tx, actors: Iterable[str]) -> dict[str, str]:
    """A name for each: the address of a person at work, or what else acted."""
    wanted = set(actors)
    ids = [actor.removeprefix("user:") for actor in wanted if actor.startswith("user:")]
    known = tx.session.execute(select(ConsoleUser.id, ConsoleUser.email).where(ConsoleUser.id.in_(ids)))
    people = {f"user:{user_id}": email for user_id, email in known}
    others = {"cli": gettext("コマンド操作"), "system": gettext("自動")}
    agencies = {actor: gettext("紹介会社") for actor in wanted if actor.startswith("agency:")}
    return {actor: (people | others | agencies).get(actor) or gettext("以前の利用者") for actor in wanted}
