"""SMTP AUTH (RFC 4954): PLAIN and LOGIN, checked off the event loop, remembered for ten minutes, limited on failure."""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.clock import Clock
from core.errors import CareerRelayError
from core.log import get_logger
from core.runtime import Runtime
from crm.registry import smtp_users
from gateway import replies
from gateway.replies import Deferral, Refusal
from gateway.session.auth_limits import AuthLimits

log = get_logger(__name__)

CACHE_S = 600.0
CACHE_ENTRIES_MAX = 10_000
CREDENTIAL_CHARS_MAX = 512
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
    initial = initial.strip()
    match mechanism.upper():
        case "":
            raise Refusal(replies.SYNTAX)
        case "PLAIN":
            # RFC 4616 2: authorisation identity NUL user NUL password; the first is not used here.
            parts = _decode(_octets(initial) if initial else await ask("")).split("\0")
            if len(parts) != 3:
                raise Refusal(replies.AUTH_SYNTAX)
            credentials = Credentials(parts[1], parts[2])
        case "LOGIN":
            user = _decode(_octets(initial) if initial else await ask("VXNlcm5hbWU6"))
            credentials = Credentials(user, _decode(await ask("UGFzc3dvcmQ6")))
        case _:
            raise Refusal(replies.AUTH_MECHANISM)
    if "\0" in credentials.user + credentials.password:
        raise Refusal(replies.AUTH_SYNTAX)
    return credentials


def _octets(initial: str) -> bytes:
    return initial.encode("utf-8", "surrogateescape")


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


class Authenticator:
    """Checks passwords against the companies' SMTP users."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._clock: Clock = runtime.clock
        smtp = runtime.settings.smtp
        self._limits = AuthLimits(
            smtp.auth_failures_per_minute_max, smtp.auth_failures_per_day_max, runtime.settings.gateway.processes
        )
        self._known: dict[bytes, tuple[int, float]] = {}
        self._asking: dict[bytes, tuple[str, asyncio.Task[int | None]]] = {}
        self._generation = 0
        self._cache_key = secrets.token_bytes(32)
        self._hashes = asyncio.Semaphore(HASHES_AT_ONCE)

    def forget(self) -> None:
        """Companies or users have changed: ask the database again."""
        self._generation += 1
        self._known.clear()

    async def check(self, credentials: Credentials, peer: str) -> int | None:
        """The company of this user, None for wrong credentials.

        Raises:
            Deferral: too many failures from this address or its network; nothing was checked.
        """
        key = self._fingerprint(credentials, peer)
        if key not in self._asking:
            await self._wait_for_room(peer, self._limits.address_exceeded)
            company_id, until_s = self._known.get(key, (0, 0.0))
            if until_s > self._clock.monotonic():
                return company_id  # so a company's server goes on while its neighbours are tried for passwords
            await self._wait_for_room(peer, self._limits.network_exceeded)
        # A server that opens many connections at once is asked about once.
        if key not in self._asking:
            # Counted before it is known: many attempts at once must not slip past the limit together.
            self._limits.failed(peer, self._clock.monotonic())
            self._asking[key] = peer, asyncio.create_task(self._evaluate(credentials, peer, key))
        return await asyncio.shield(self._asking[key][1])

    async def _wait_for_room(self, peer: str, exceeded: Callable[[str, float], bool]) -> None:
        while exceeded(peer, self._clock.monotonic()):
            # What is still being checked counts as failed; it may turn out well.
            unanswered = [task for who, task in self._asking.values() if who == peer]
            if not unanswered:
                raise Deferral(replies.AUTH_LATER)
            await asyncio.wait(unanswered, return_when=asyncio.FIRST_COMPLETED)

    async def _evaluate(self, credentials: Credentials, peer: str, key: bytes) -> int | None:
        generation = self._generation
        try:
            found = await self._ask_database(credentials)
        except CareerRelayError:
            self._limits.forgive(peer)  # nothing was found out
            raise
        finally:
            del self._asking[key]
        if found is None:
            log.warning("SMTP authentication failed", extra={"peer": peer})
            return None
        self._limits.forgive(peer)
        if generation == self._generation:  # else something has changed meanwhile
            if len(self._known) >= CACHE_ENTRIES_MAX:
                self._known.clear()
            self._known[key] = found, self._clock.monotonic() + CACHE_S
        return found

    async def _ask_database(self, credentials: Credentials) -> int | None:
        def look() -> int | None:
            with self._runtime.read() as tx:
                return smtp_users.check_password(tx, credentials.user, credentials.password)

        async with self._hashes:
            return await asyncio.to_thread(look)

    def _fingerprint(self, credentials: Credentials, peer: str) -> bytes:
        # The cache holds no password, and its key dies with the process.
        text = f"{credentials.user}\0{credentials.password}\0{peer}".encode()
        return hmac.digest(self._cache_key, text, "sha256")
