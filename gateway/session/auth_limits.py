"""How often AUTH may fail: for one address, for the network around it, and for the one around that.

Whoever has many addresses has them side by side, so a network is limited too, only wider: three times an address's
limit for the nearer one, nine times for the farther. Every table has an end: the source that failed longest ago goes.
"""

from collections import deque

from gateway.policy import peer_address

MINUTE_S = 60.0
DAY_S = 86_400.0
SOURCES_MAX = 10_000

#: Bits of an IPv4 address, bits of an IPv6 address, and how many times an address's limit all that share them may fail.
ADDRESS = (32, 64, 1)
NETWORKS = ((24, 48, 3), (16, 32, 9))


class FailureLimit:
    """Counts failures of one kind of source in sliding windows of a minute and a day. Pure but for its memory."""

    def __init__(self, per_minute: int, per_day: int, sources_max: int = SOURCES_MAX) -> None:
        self._per_minute, self._per_day, self._sources_max = per_minute, per_day, sources_max
        self._failures: dict[str, deque[float]] = {}

    def __len__(self) -> int:
        return len(self._failures)

    def exceeded(self, source: str, now_s: float) -> bool:
        times = self._failures.get(source)
        if times is None:
            return False
        while times and times[0] <= now_s - DAY_S:
            times.popleft()
        in_minute = sum(1 for at_s in times if at_s > now_s - MINUTE_S)
        return in_minute >= self._per_minute or len(times) >= self._per_day

    def failed(self, source: str, now_s: float) -> None:
        times = self._failures.pop(source, None)
        if times is None:
            times = deque(maxlen=self._per_day)
            while len(self._failures) >= self._sources_max:
                del self._failures[next(iter(self._failures))]
        times.append(now_s)
        self._failures[source] = times

    def forgive(self, source: str) -> None:
        """Take the last one back: it was counted beforehand and has turned out well."""
        times = self._failures.get(source)
        if times:
            times.pop()
            if not times:
                del self._failures[source]


class AuthLimits:
    """The three limits of one process. ``processes`` share what the settings allow: a client meets any of them."""

    def __init__(self, per_minute: int, per_day: int, processes: int = 1, sources_max: int = SOURCES_MAX) -> None:
        per_minute, per_day = max(1, per_minute // processes), max(1, per_day // processes)
        self._limits = [
            (v4, v6, FailureLimit(per_minute * factor, per_day * factor, sources_max))
            for v4, v6, factor in (ADDRESS, *NETWORKS)
        ]

    def address_exceeded(self, peer: str, now_s: float) -> bool:
        """Has this very address failed too often?"""
        v4, v6, limit = self._limits[0]
        return limit.exceeded(_source(peer, v4, v6), now_s)

    def network_exceeded(self, peer: str, now_s: float) -> bool:
        """Has any network around it?"""
        return any(limit.exceeded(_source(peer, v4, v6), now_s) for v4, v6, limit in self._limits[1:])

    def failed(self, peer: str, now_s: float) -> None:
        for v4, v6, limit in self._limits:
            limit.failed(_source(peer, v4, v6), now_s)

    def forgive(self, peer: str) -> None:
        for v4, v6, limit in self._limits:
            limit.forgive(_source(peer, v4, v6))


def _source(peer: str, v4_bits: int, v6_bits: int) -> str:
    address = peer_address(peer)
    if address is None:
        return peer
    bits = v4_bits if address.version == 4 else v6_bits
    return f"{address.version}:{int(address) >> (address.max_prefixlen - bits):x}"
