"""From the final dot to 250: check what came, store it durably, hand it on to be judged and delivered."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from core.db import new_id
from core.metrics import ACCEPT_SECONDS, MAIL_PATH, MAILS_RECEIVED
from core.runtime import Runtime
from crm.registry.companies import CompanyView
from gateway import policy, replies
from gateway.config import Directory, Snapshot
from gateway.foresight import Foreseen
from gateway.letter.envelope import Arrival, Envelope
from gateway.policy import Route
from gateway.received import HOPS_MAX, hops
from gateway.replies import Refusal
from gateway.session.auth import Authenticator
from gateway.session.data import Fault
from gateway.session.sessions import Sessions
from gateway.store.spool import Body, Doubtful, NewMail, Spool
from gateway.tables import MailState, Origin
from gateway.traffic import Traffic
from gateway.work import Hand, Work

#: Addresses of clients whose companies are remembered.
PEERS_MAX = 4096

_FAULTS = {
    Fault.MALFORMED: replies.MALFORMED,
    Fault.LINE_TOO_LONG: replies.TEXT_LINE_TOO_LONG,
    Fault.TOO_LARGE: replies.TOO_LARGE,
}


class Intake:
    """What every session of one process shares. ``keep(new, work)`` stores a mail, ``work`` when it is in hand then,
    and ``hand_on(work)`` starts its way to the next hop.

    ``foresee(company, recipient)`` begins to look up whom a mail is for, that may be judged when it has come.
    ``has_room()``: may a mail stay in memory for an attempt at once? Else whoever sweeps the queue takes it later.
    """

    def __init__(
        self,
        runtime: Runtime,
        directory: Directory,
        spool: Spool,
        process_id: int,
        traffic: Traffic,
        keep: Callable[[NewMail, Work | None], Awaitable[int]],
        hand_on: Callable[[Work], None],
        has_room: Callable[[], bool],
        foresee: Callable[[CompanyView, str], Foreseen | None],
    ) -> None:
        self.settings = runtime.settings
        self.authenticator = Authenticator(runtime)
        self.sessions = Sessions(runtime.settings.smtp)
        self.traffic = traffic
        #: Queue ids of mails whose dot has come and whose client has no answer yet.
        self.storing: set[str] = set()
        self._runtime = runtime
        self._directory = directory
        self._spool = spool
        self._process_id = process_id
        self._keep = keep
        self._hand_on = hand_on
        self._has_room = has_room
        self._foresee = foresee
        self._by_network: dict[str, tuple[CompanyView, ...]] = {}
        self._by_network_of: Snapshot | None = None

    def now(self) -> datetime:
        return self._runtime.clock.now()

    def is_loopback(self, peer: str) -> bool:
        return policy.is_loopback(peer)

    def companies_around(self, peer: str) -> tuple[CompanyView, ...]:
        """The companies whose network holds this address; empty for a stranger."""
        snapshot = self._directory.current
        if snapshot is not self._by_network_of or len(self._by_network) >= PEERS_MAX:
            self._by_network_of = snapshot
            self._by_network.clear()
        found = self._by_network.get(peer)
        if found is None:
            found = self._by_network[peer] = policy.admitted(snapshot.companies, peer, None)
        return found

    def route(self, peer: str, company_id: int | None, sender: str) -> Route | None:
        """Whose mail this session's sender writes; None: relaying denied."""
        if company_id is None:
            admitted = self.companies_around(peer)
        else:
            admitted = policy.admitted(self._directory.current.companies, peer, company_id)
        found = policy.route(admitted, sender)
        if found is not None and not found.own and self.settings.smtp.foreign_sender == "refuse":
            raise Refusal(replies.FOREIGN_SENDER)
        return found

    def foresee(self, route: Route, sender: str, recipient: str) -> Foreseen | None:
        """Begin to look up a recipient while the client goes on, if the mail may be judged."""
        return self._foresee(route.company, recipient) if self._may_judge(route, sender) else None

    def _may_judge(self, route: Route, sender: str) -> bool:
        bypass_all = self._directory.current.bypass_all
        return policy.may_be_judged(route.company, route.own, sender, bypass_all=bypass_all)

    def check_space(self, size_bytes: int) -> None:
        self._spool.check_space(size_bytes)

    def new_body(self) -> Body:
        return Body(self._spool)

    async def accept(
        self,
        route: Route,
        envelope: Envelope,
        arrival: Arrival,
        fault: Fault | None,
        body: Body,
        foreseen: Foreseen | None = None,
    ) -> str:
        """Store the mail; its queue id. ``body`` belongs to this call from now on, which must run to its end: a commit
        under way cannot be taken back.

        Raises:
            Refusal: the message itself is refused.
            Temporary, OSError: it could not be stored.
        """
        with body:
            if fault is not None:
                raise Refusal(_FAULTS[fault])
            if hops(body.head) > HOPS_MAX:
                raise Refusal(replies.LOOP)
            # Space that was there at MAIL may be gone; what is in a file already takes no more of it.
            self._spool.check_space(0 if body.path else body.size)
            return await self._store(route, envelope, arrival, body, foreseen)

    async def _store(
        self, route: Route, envelope: Envelope, arrival: Arrival, body: Body, foreseen: Foreseen | None
    ) -> str:
        began_s = asyncio.get_running_loop().time()
        raw = await body.keep()
        company = route.company
        new = NewMail(
            queue_id=new_id(),
            origin=Origin.SMTP,
            company_id=company.id,
            may_judge=self._may_judge(route, envelope.sender),
            envelope=envelope,
            arrival=arrival,
            size=body.size,
            raw=raw,
            body_path=body.path,
            leased_by=self._process_id if self._has_room() else None,
        )
        work = _in_hand(new, began_s, foreseen) if new.leased_by is not None else None
        self.storing.add(new.queue_id)
        try:
            mail_id = await self._stored(new, work)
        finally:
            self.storing.discard(new.queue_id)
        MAIL_PATH.observe(ACCEPT_SECONDS, asyncio.get_running_loop().time() - began_s)
        MAIL_PATH.count(MAILS_RECEIVED, str(company.id))
        if work is not None:
            work.id = mail_id
            self._hand_on(work)
            if work.announced:
                await asyncio.sleep(0)  # its message leaves in one turn of the loop, before its client's 250 is written
        return new.queue_id

    async def _stored(self, new: NewMail, work: Work | None) -> int:
        """Store a mail; its id.

        Raises:
            Temporary: it is not stored, or nobody knows: then it is withdrawn as soon as the database answers again,
                because its client keeps it.
        """
        try:
            return await self._keep(new, work)
        except Doubtful:
            self._spool.doubtful.add(new.queue_id)
            raise


def _in_hand(new: NewMail, accepted_s: float, foreseen: Foreseen | None) -> Work:
    """The mail as its process has it; its id is known when it is stored."""
    return Work(
        id=0,
        queue_id=new.queue_id,
        origin=new.origin,
        company_id=new.company_id,
        state=MailState.RECEIVED,
        may_judge=new.may_judge,
        envelope=new.envelope,
        arrival=new.arrival,
        size=new.size,
        deliveries=[
            Hand(position, recipient.address, dict(recipient.params))
            for position, recipient in enumerate(new.envelope.recipients)
        ],
        raw=new.raw,
        body_path=new.body_path,
        accepted_s=accepted_s,
        foreseen=foreseen,
    )
