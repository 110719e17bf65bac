"""A next hop that takes every mail, keeps none, and thinks about each final dot for as long as it is told."""

import asyncio
import threading
from typing import Self

CHUNK_BYTES = 65_536
END = b"\r\n.\r\n"


class SlowSink:
    """Runs in a thread of its own. ``dot_s`` may be changed at any time."""

    def __init__(self) -> None:
        self.dot_s = 0.0
        self.taken = 0
        self.at_the_dot = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._session, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink.example.com ESMTP\r\n")
        try:
            while line := await reader.readline():
                match line[:4].upper():
                    case b"EHLO":
                        writer.write(b"250-sink.example.com\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                    case b"DATA":
                        writer.write(b"354 go on\r\n")
                        await self._take(reader)
                        writer.write(b"250 2.0.0 taken\r\n")
                        self.taken += 1
                    case b"QUIT":
                        writer.write(b"221 bye\r\n")
                        break
                    case _:
                        writer.write(b"250 2.1.0 ok\r\n")
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        tail = b"\r\n"
        while not tail.endswith(END):
            block = await reader.read(CHUNK_BYTES)
            if not block:
                raise ConnectionResetError("the client left inside DATA")
            tail = (tail + block)[-len(END) :]
        self.at_the_dot += 1
        try:
            await asyncio.sleep(self.dot_s)
        finally:
            self.at_the_dot -= 1
