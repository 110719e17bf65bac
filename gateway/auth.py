"""SMTP AUTH (RFC 4954): PLAIN and LOGIN, checked off the event loop, remembered for ten minutes, limited on failure."""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.clock import Clock
from core.log import get_logger
from core.runtime import Runtime
from crm.companies import check_smtp_password
from gateway import replies
from gateway.policy import peer_address
from gateway.replies import Deferral, Refusal

log = get_logger(__name__)

CACHE_S = 600.0
CACHE_ENTRIES_MAX = 10_000
CREDENTIAL_CHARS_MAX = 512
MINUTE_S = 60.0
DAY_S = 86_400.0
#: A whole network may fail this much more often than one address in it, then all of it waits.
NETWORK_FACTOR = 3
#: argon2 is meant to be slow and to take memory: so many at once, the others queue.
HASHES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str = field(repr=False)


async def read_credentials(argument: str, ask: Callable[[str], Awaitable[bytes]]) -> Credentials:
    """Read what follows AUTH; ``ask(challenge)`` sends a 334 and gives the client's line.

    Raises:
        Refusal: unknown mechanism, cancelled by "*", or not decodable.
    """
    mechanism, _, initial = argument.partition(" ")
    match mechanism.upper():
        case "PLAIN":
            # RFC 4616 2: authorisation identity NUL user NUL password; the first is not used here.
            parts = _decode(initial.encode() if initial else await ask("")).split("\0")
            if len(parts) != 3:
                raise Refusal(replies.AUTH_SYNTAX)
            credentials = Credentials(parts[1], parts[2])
        case "LOGIN":
            user = _decode(initial.encode() if initial else await ask("VXNlcm5hbWU6"))
            credentials = Credentials(user, _decode(await ask("UGFzc3dvcmQ6")))
        case _:
            raise Refusal(replies.AUTH_MECHANISM)
    if "\0" in credentials.user + credentials.password:
        raise Refusal(replies.AUTH_SYNTAX)
    return credentials


def _decode(line: bytes) -> str:
    if line == b"*":
        raise Refusal(replies.AUTH_CANCELLED)
    try:
        text = base64.b64decode(b"" if line == b"=" else line, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(replies.AUTH_SYNTAX) from None
    if len(text) > CREDENTIAL_CHARS_MAX:
        raise Refusal(replies.AUTH_SYNTAX)
    return text


class FailureLimit:
    """Counts failures of one kind of source in sliding windows of a minute and a day. Pure but for its memory."""

    def __init__(self, per_minute: int, per_day: int, sources_max: int = 10_000) -> None:
        self._per_minute, self._per_day, self._sources_max = per_minute, per_day, sources_max
        self._failures: dict[str, deque[float]] = {}

    def exceeded(self, source: str, now_s: float) -> bool:
        times = self._failures.get(source)
        if times is None:
            return False
        while times and times[0] <= now_s - DAY_S:
            times.popleft()
        in_minute = sum(1 for at_s in reversed(times) if at_s > now_s - MINUTE_S)
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


class Authenticator:
    """Checks passwords against the companies' SMTP users."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._clock: Clock = runtime.clock
        per_minute = runtime.settings.smtp.auth_failures_per_minute_max
        per_day = runtime.settings.smtp.auth_failures_per_day_max
        self._by_address = FailureLimit(per_minute, per_day)
        self._by_network = FailureLimit(per_minute * NETWORK_FACTOR, per_day * NETWORK_FACTOR)
        self._known: dict[bytes, tuple[int, float]] = {}
        self._cache_key = secrets.token_bytes(32)
        self._hashes = asyncio.Semaphore(HASHES_AT_ONCE)

    def forget(self) -> None:
        """Companies or users have changed: ask the database again."""
        self._known.clear()

    async def check(self, credentials: Credentials, peer: str) -> int | None:
        """The company of this user, None for wrong credentials.

        Raises:
            Deferral: too many failures from this address or its network; nothing was checked.
        """
        now_s = self._clock.monotonic()
        network = _network_of(peer)
        if self._by_address.exceeded(peer, now_s) or self._by_network.exceeded(network, now_s):
            raise Deferral(replies.AUTH_LATER)
        key = self._fingerprint(credentials)
        company_id, until_s = self._known.get(key, (0, 0.0))
        if until_s > now_s:
            return company_id
        # Counted before it is known: many attempts at once must not slip past the limit together.
        self._by_address.failed(peer, now_s)
        self._by_network.failed(network, now_s)
        found = await self._ask_database(credentials)
        if found is None:
            log.warning("SMTP authentication failed")
            return None
        self._by_address.forgive(peer)
        self._by_network.forgive(network)
        if len(self._known) >= CACHE_ENTRIES_MAX:
            self._known.clear()
        self._known[key] = (found, now_s + CACHE_S)
        return found

    async def _ask_database(self, credentials: Credentials) -> int | None:
        def look() -> int | None:
            with self._runtime.read() as tx:
                return check_smtp_password(tx, credentials.user, credentials.password)

        async with self._hashes:
            return await asyncio.to_thread(look)

    def _fingerprint(self, credentials: Credentials) -> bytes:
        # The cache holds no password, and its key dies with the process.
        text = f"{credentials.user}\0{credentials.password}".encode()
        return hmac.digest(self._cache_key, text, "sha256")


def _network_of(peer: str) -> str:
    address = peer_address(peer)
    if address is None:
        return peer
    kept_bits = 24 if address.version == 4 else 48
    return f"{address.version}:{int(address) >> (address.max_prefixlen - kept_bits)}"
