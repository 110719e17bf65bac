"""What the client has sent and nobody has read yet: lines for commands, blocks for DATA.

aiosmtpd reads DATA line by line, which is 93 % of its time for a 5 MB mail; here a block is whatever has arrived.
"""

import asyncio

HIGH_WATER_BYTES = 65_536
LOW_WATER_BYTES = 16_384


class Outflow(asyncio.Protocol):
    """The writing half of a protocol: what is written is buffered by the transport, `drain` waits when it is full."""

    transport: asyncio.Transport | None = None
    #: When the peer stopped reading what we write (loop time), None while it reads.
    blocked_since_s: float | None = None
    _room: asyncio.Future[None] | None = None

    def pause_writing(self) -> None:
        loop = asyncio.get_running_loop()
        self._room = loop.create_future()
        self.blocked_since_s = loop.time()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        self.blocked_since_s = None
        if room is not None and not room.done():
            room.set_result(None)

    async def drain(self) -> None:
        """Wait until the peer has taken most of it; raises ConnectionResetError when it is gone."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError
        if self._room is not None:
            await asyncio.shield(self._room)


class LineTooLong(Exception):
    """More octets without an end of line than a command may have; the line has been thrown away."""


class ClientGone(Exception):
    """The client closed its side, and everything it had sent has been read."""


class Wire:
    """One connection's input. Reading stops at the socket when the client is far ahead of us."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._eof = False
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = False
        #: Since when an unfinished line waits for its end (loop time).
        self.partial_since_s: float | None = None

    @property
    def waiting(self) -> bool:
        """Is somebody waiting for the client just now? Only then does its silence count as idleness."""
        return self._waiter is not None

    @property
    def at_end(self) -> bool:
        """The other side has closed, or has said something that nobody asked for."""
        return self._eof or bool(self._buffer)

    def attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._paused = False

    def feed(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > HIGH_WATER_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def feed_eof(self) -> None:
        self._eof = True
        self._wake()

    def clear(self) -> None:
        """Forget what was read: plaintext sent behind STARTTLS must never count as a command (RFC 3207 4.2)."""
        self._buffer.clear()

    def has_line(self) -> bool:
        return b"\n" in self._buffer

    async def line(self, bytes_max: int) -> bytes:
        """The next line with its end.

        Raises:
            LineTooLong: it has more than ``bytes_max`` octets.
            ClientGone: there is no further line.
        """
        too_long = False
        while True:
            end = self._buffer.find(b"\n")
            if end >= 0:
                line = bytes(self._buffer[: end + 1])
                self._consume(end + 1)
                self.partial_since_s = None
                if too_long or len(line) > bytes_max:
                    raise LineTooLong
                return line
            if self._buffer and self.partial_since_s is None:
                self.partial_since_s = asyncio.get_running_loop().time()
            if len(self._buffer) > bytes_max:
                too_long = True
                self._buffer.clear()
            await self._more()

    async def block(self) -> bytes:
        """Everything that has arrived, at least one octet; raises ClientGone."""
        while not self._buffer:
            await self._more()
        block = bytes(self._buffer)
        self._consume(len(block))
        return block

    async def skip(self, count: int) -> None:
        """Read ``count`` octets and throw them away; raises ClientGone."""
        while count:
            while not self._buffer:
                await self._more()
            read = min(count, len(self._buffer))
            self._consume(read)
            count -= read

    def give_back(self, data: bytes) -> None:
        """Return what belongs to the next command: the client pipelines."""
        if data:
            self._buffer[:0] = data

    def _consume(self, count: int) -> None:
        del self._buffer[:count]
        if self._paused and len(self._buffer) < LOW_WATER_BYTES and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    async def _more(self) -> None:
        if self._eof:
            raise ClientGone
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
