"""A mail in hand: what one gateway process knows about a mail between its lease and its end."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.copies import Kept
from gateway.envelope import Arrival, Envelope
from gateway.tables import MailState, Origin, Variant
from rules.model import Decision

#: From this unfinished try on a mail is relayed unjudged: a poison mail is never lost and never loops (decisions 6).
UNJUDGED_FROM_TRY = 3


@dataclass(slots=True)
class Hand:
    """One delivery that this process holds. ``position`` counts the mail's recipients from 0."""

    position: int
    recipient: str
    params: dict[str, str]
    variant: Variant = Variant.ORIGINAL
    tries: int = 1
    delay_told: bool = False


@dataclass(slots=True)
class Work:
    """One mail with the deliveries that this process holds.

    Bytes stand in ``raw`` or, when large, in the file ``body_path``; the same for the edited variant in ``final_raw``
    and ``final_path``. ``whole``: no other delivery of this mail exists. ``decision`` is set once it was judged here
    or before; ``stored`` says that the row already tells it.
    """

    id: int
    queue_id: str
    origin: Origin
    company_id: int | None
    state: MailState
    may_judge: bool
    envelope: Envelope
    arrival: Arrival
    size: int
    deliveries: list[Hand]
    raw: bytes | None
    body_path: Path | None = None
    final_raw: bytes | None = None
    final_path: Path | None = None
    judged: bool = False
    decision: Decision | None = None
    note: str = ""
    kept: Kept | None = None
    stored: bool = False
    whole: bool = True
    outgoing_id: str | None = None
    gate_ref: str | None = None
    accepted_s: float = 0.0

    @property
    def received_at(self) -> datetime:
        return self.arrival.at

    @property
    def unfinished_tries(self) -> int:
        return max((hand.tries for hand in self.deliveries), default=0)

    def leave_unchanged(self, note: str) -> None:
        """Forget an edit that did not come to its end; one that is stored stays."""
        if not self.stored:
            for hand in self.deliveries:
                hand.variant = Variant.ORIGINAL
            self.final_raw, self.final_path, self.note = None, None, note

    def body(self, variant: Variant) -> bytes | Path:
        """The bytes of a variant, or the file that holds them."""
        if variant is Variant.EDITED and (self.final_raw is not None or self.final_path is not None):
            return self.final_raw if self.final_raw is not None else self._existing(self.final_path)
        return self.raw if self.raw is not None else self._existing(self.body_path)

    def head(self, bytes_max: int) -> bytes:
        """The beginning of the original, for reports."""
        body = self.body(Variant.ORIGINAL)
        if isinstance(body, bytes):
            return body[:bytes_max]
        try:
            with body.open("rb") as file:
                return file.read(bytes_max)
        except FileNotFoundError:
            return b""

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.body_path, self.final_path) if path is not None]

    def original(self) -> bytes:
        """The original's bytes in memory, read from its file when it is large."""
        body = self.body(Variant.ORIGINAL)
        return body if isinstance(body, bytes) else body.read_bytes()

    @staticmethod
    def _existing(path: Path | None) -> Path:
        if path is None:
            raise LookupError("a mail without bytes")
        return path
