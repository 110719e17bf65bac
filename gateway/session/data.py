"""The octets between 354 and the final dot, as a state machine over blocks. Pure.

CRLF.CRLF is the only end (RFC 5321 4.1.1.4). A bare CR, a bare LF or a NUL makes the message refused once its true end
has come: passing one on would let others read a second message in it ("SMTP smuggling"), changing it would break the
promise that no byte changes.
"""

from dataclasses import dataclass
from enum import Enum
from io import IncrementalNewlineDecoder

END = b"\r\n.\r\n"
_TAIL = len(END) - 1
_DOT_LINE = b"\r\n."


class Fault(Enum):
    """Why a message that has arrived in full is not taken; the first one counts."""

    MALFORMED = "malformed"
    LINE_TOO_LONG = "line too long"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Ended:
    """``rest``: what the client had already sent behind the dot."""

    rest: bytes


class DataReader:
    """Feed it blocks; it gives the message's octets back with the dots unstuffed (RFC 5321 4.5.2)."""

    def __init__(self, *, message_bytes_max: int, line_bytes_max: int) -> None:
        self.size = 0
        self.fault: Fault | None = None
        self._message_bytes_max = message_bytes_max
        self._line_bytes_max = line_bytes_max
        # The message begins at the start of a line: as if a CRLF, which is cut off again, stood before it.
        self._held = b"\r\n"
        self._virtual = 2
        self._since_line_end = 0

    def feed(self, block: bytes) -> tuple[bytes, Ended | None]:
        """Octets that now belong to the message, and the end once it has come. After a fault no octets come."""
        data = self._held + block
        # One octet is found much faster than three, and base64 holds no dot.
        dot = data.find(_DOT_LINE) if b"." in data else -1
        end = data.find(END, dot) if dot >= 0 else -1
        if end >= 0:
            self._held = b""
            return self._take(data[: end + 2], dots=dot < end), Ended(data[end + len(END) :])
        cut = self._safe_cut(data)
        self._held = data[cut:]
        return self._take(data[:cut], dots=0 <= dot < cut), None

    @staticmethod
    def _safe_cut(data: bytes) -> int:
        # Nothing that may be the beginning of END, or of a line with a dot, is given away yet.
        cut = max(len(data) - _TAIL, 0)
        if data.endswith(b"\r\n", 0, cut):
            return cut - 2
        return cut - 1 if data.endswith(b"\r", 0, cut) else cut

    def _take(self, raw: bytes, *, dots: bool) -> bytes:
        if not raw:
            return b""
        octets = raw.replace(_DOT_LINE, b"\r\n") if dots else raw
        if self._virtual:
            octets, self._virtual = octets[self._virtual :], 0
        self.size += len(octets)
        if self.fault is None:
            self.fault = self._examine(octets, raw)
        return octets if self.fault is None else b""

    def _examine(self, octets: bytes, raw: bytes) -> Fault | None:
        if not _ends_lines_well(raw):
            return Fault.MALFORMED
        if self._has_long_line(octets):
            return Fault.LINE_TOO_LONG
        return Fault.TOO_LARGE if self.size > self._message_bytes_max else None

    def _has_long_line(self, octets: bytes) -> bool:
        first = octets.find(b"\r\n")
        if first < 0:
            self._since_line_end += len(octets)
            return self._since_line_end > self._line_bytes_max
        if self._since_line_end + first > self._line_bytes_max:
            return True
        self._since_line_end = len(octets) - octets.rfind(b"\r\n") - 2
        line_start = first + 2
        while len(octets) - line_start > self._line_bytes_max:
            # The last line end within reach: what lies before it is short enough, however many lines it is.
            end = octets.rfind(b"\r\n", line_start, line_start + self._line_bytes_max + 2)
            if end < 0:
                return True
            line_start = end + 2
        return False


def _ends_lines_well(raw: bytes) -> bool:
    """No NUL, no CR without its LF and no LF without its CR."""
    if b"\0" in raw:
        return False
    # The decoder of text files notes the line ends it sees, in one pass: five times as fast as counting them.
    lines = IncrementalNewlineDecoder(None, translate=False)
    lines.decode(raw.decode("latin-1"), final=True)
    return lines.newlines in (None, "\r\n")
