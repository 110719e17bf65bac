"""The way of mails from their final dot to 250: judge them, store each with what was decided.

Fail open: whatever goes wrong with judging or editing, the mail is stored as it came.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

from core.errors import Temporary
from crm.registry.companies import CompanyView
from gateway.committer import Committer, NotBegun
from gateway.config import Directory
from gateway.delivery.relay import Relay
from gateway.faults import FAULT, count_fault, tried
from gateway.foresight import Foreseen
from gateway.gathering import Gathering
from gateway.judgement import arrival
from gateway.judgement.arrival import Arrived, Arriving
from gateway.judgement.edit import Prepared, Unedited
from gateway.judgement.judging import Judging, Ready
from gateway.judgement.signing import wants_every_mail
from gateway.store.spool import Doubtful, IdTaken, NewMail
from gateway.traffic import Traffic
from gateway.work import Work


@dataclass(slots=True)
class _Coming:
    """A mail that is not stored yet. ``work``: it is in hand then; ``ready``: what is stored with it."""

    new: NewMail
    work: Work | None
    ready: Ready = None


class Arrivals:
    """Stores new mails, each with its edit or with the decision that it has none."""

    def __init__(
        self, directory: Directory, committer: Committer, judging: Judging, relay: Relay, traffic: Traffic
    ) -> None:
        self._directory = directory
        self._committer = committer
        self._judging = judging
        self._relay = relay
        self._traffic = traffic
        self._gathering = Gathering(traffic, self._store_all)

    async def store(self, new: NewMail, work: Work | None) -> int:
        """Store a mail; its id. ``work``: it is in hand then, and is judged first, so that its edit goes in with it.

        Raises:
            Temporary: it is not stored, or nobody knows.
        """
        self._traffic.dot()
        return await self._gathering.join(_Coming(new, work), new.size)

    def foresee(self, company: CompanyView, recipient: str) -> Foreseen | None:
        """Begin to look up a recipient of a mail that is still being sent and may be judged.

        None when others are on their way to the disk: then mails are looked up together, which costs less.
        """
        if not self._gathering.is_empty or self._traffic.flows():
            return None
        return self._judging.foresee(company, recipient)

    async def _store_all(self, group: Sequence[_Coming]) -> AsyncIterator[int | Exception]:
        await self._judge(group)
        stores = [self._store(coming) for coming in group]
        for coming, store in zip(group, stores, strict=True):
            yield await self._stored(coming, store)

    # --- judging ---

    async def _judge(self, group: Sequence[_Coming]) -> None:
        works = {index: each.work for index, each in enumerate(group) if each.work is not None and each.new.may_judge}
        judged = await tried(self._judging.prepare(list(works.values())))
        if isinstance(judged, Exception):
            judged = [judged] * len(works)
        for (index, work), ready in zip(works.items(), judged, strict=True):
            group[index].ready = self._without(work, ready) if isinstance(ready, Exception) else ready

    def _without(self, work: Work, fault: Exception) -> Ready:
        """What is stored with a mail that could not be judged."""
        if isinstance(fault, Temporary):  # no answer from the database, which may have one when the mail is stored
            self._judging.forget(work)
            return None
        count_fault(work, "judge", fault)
        self._judging.leave_alone(work)
        work.leave_unchanged(FAULT)
        return Unedited(None, FAULT, None)

    # --- storing ---

    def _store(self, coming: _Coming) -> asyncio.Future[Arrived]:
        announce = partial(self._announce, coming.work, coming.ready) if coming.work is not None else None
        return self._committer.submit_many(
            arrival.store,
            Arriving(coming.new, coming.ready),
            meanwhile=announce if self._gathering.is_alone else None,
        )

    def _announce(self, work: Work, ready: Ready) -> None:
        """Let the next hop hear of a mail while the disk syncs, when it is known how it will leave.

        With company on the way its connection would be missing to others for longer than that saves.
        """
        if isinstance(ready, Prepared):
            if len(work.deliveries) == 1:
                self._relay.announce(work, ready.edits)
        elif (ready or not work.may_judge) and not wants_every_mail(self._directory.current, work):
            self._relay.announce(work, ())

    async def _stored(self, coming: _Coming, store: asyncio.Future[Arrived]) -> int | Exception:
        """The mail's id, or why it is refused for now, which is no matter of the others in its group."""
        work, arrived = coming.work, await self._arrived(coming, store)
        if isinstance(arrived, Exception):
            if work is not None:
                self._judging.forget(work)
                self._relay.withdraw(work)
            return arrived
        if work is not None and isinstance(coming.ready, Prepared):
            self._judging.stored(work, arrived.made)
        elif work is not None and coming.ready is not None:
            work.stored = True
        return arrived.mail_id

    async def _arrived(self, coming: _Coming, store: asyncio.Future[Arrived]) -> Arrived | Exception:
        arrived = await tried(store)
        if not isinstance(arrived, Exception) or isinstance(arrived, NotBegun):
            return arrived
        found = await self._found(coming, arrived)
        if isinstance(arrived, Temporary) or found is not arrived or coming.work is None or coming.ready is None:
            return found
        count_fault(coming.work, "edit", arrived)  # fail open: it is stored without its edit, and judged again
        self._judging.forget(coming.work)
        coming.ready = None
        return await tried(self._store(coming))

    async def _found(self, coming: _Coming, fault: Exception) -> Arrived | Exception:
        """The mail all the same, or why it is not stored: the answer to a COMMIT can be lost after it happened, and
        whoever then runs it again finds its rows there."""
        find = partial(arrival.find, arriving=Arriving(coming.new, coming.ready))
        found = await tried(self._committer.submit(find))
        if isinstance(found, IdTaken):
            return found  # no doubt about ours; what stands under that id must not be withdrawn
        if isinstance(found, Temporary):
            return Doubtful(found.message)
        return found or fault
