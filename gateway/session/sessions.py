"""The open connections of one process: how many there may be, of whom, and telling them that the server stops.

A company's mail server may open many at once, a stranger few: whoever is outside every company's networks and has not
authenticated. Strangers together get half of all places, so that however many of them come, companies find room.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from core.settings import Smtp
from gateway import policy

#: Of all places, the part that strangers may take.
STRANGERS_SHARE = 0.5
#: The rest of an IPv6 address is the host's to choose (RFC 4291 2.5.4): one host is all of them.
IPV6_NETWORK_BITS = 64


#: How often a connection looks at the clock, unless a limit is shorter.
TICK_S = 5.0


class Session(Protocol):
    """``peer``: the client's address. ``stranger``: outside every network, and no password yet."""

    peer: str
    stranger: bool

    def shut_down(self) -> None: ...
    def cut_off(self) -> None: ...


class Sessions:
    def __init__(self, settings: Smtp) -> None:
        self._open: dict[Session, tuple[bool, str]] = {}
        self._of_source: Counter[tuple[bool, str]] = Counter()
        self._strangers = 0
        self._connections_max = settings.connections_max
        self._strangers_max = max(1, int(settings.connections_max * STRANGERS_SHARE))
        self._per_address_max = settings.connections_per_address_max
        self._per_stranger_max = settings.connections_per_stranger_max
        self.tick_s = min(TICK_S, settings.idle_s, settings.line_s, settings.stranger_s)
        self.stopping = False

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._open))

    def enter(self, session: Session) -> bool:
        """Count a new connection in; False when there are too many already or the server stops."""
        if self.stopping or len(self._open) >= self._connections_max:
            return False
        return self._take(session)

    def admit(self, session: Session) -> bool:
        """Count a session, which is no stranger any more, among those of companies; False: too many of its address."""
        self.leave(session)
        return self._take(session)

    def leave(self, session: Session) -> None:
        """Count it out; again is no harm."""
        source = self._open.pop(session, None)
        if source is None:
            return
        self._strangers -= source[0]
        self._of_source[source] -= 1
        if not self._of_source[source]:
            del self._of_source[source]

    def stop(self) -> None:
        """Refuse new ones and say goodbye to those that are idle; called again for those that become idle."""
        self.stopping = True
        for session in self:
            session.shut_down()

    def cut(self) -> None:
        """Say goodbye to the rest: there is no time left."""
        for session in self:
            session.cut_off()

    def _take(self, session: Session) -> bool:
        stranger = session.stranger
        source = stranger, _source(session.peer)
        if self._of_source[source] >= (self._per_stranger_max if stranger else self._per_address_max):
            return False
        if stranger and self._strangers >= self._strangers_max:
            return False
        self._open[session] = source
        self._of_source[source] += 1
        self._strangers += stranger
        return True


def _source(peer: str) -> str:
    if ":" not in peer:
        return peer
    address = policy.peer_address(peer)
    if address is None or address.version == 4:
        return str(address or peer)
    return f"{int(address) >> (128 - IPV6_NETWORK_BITS):x}::"
