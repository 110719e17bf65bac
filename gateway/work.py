"""A mail in hand: what one gateway process knows about a mail between its lease and its end."""

import mmap
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.copies import Kept
from gateway.foresight import Foreseen
from gateway.letter.envelope import Arrival, Envelope
from gateway.letter.octets import Octets
from gateway.letter.splice import OctetEdit
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

    Bytes stand in ``raw`` or, when large, in the file ``body_path``; ``edits`` make the edited variant of them.
    ``signature``: DKIM fields for the original, on top of it. ``whole``: no other delivery of this mail exists.
    ``announced``: the next hop had its envelope before it was stored.
    ``decision`` is set once it was judged here or before; ``stored`` says that the row already tells it.
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
    edits: tuple[OctetEdit, ...] | None = None
    signature: bytes = b""
    judged: bool = False
    decision: Decision | None = None
    note: str = ""
    kept: Kept | None = None
    stored: bool = False
    whole: bool = True
    outgoing_id: str | None = None
    gate_ref: str | None = None
    accepted_s: float = 0.0
    digest: bytes = b""
    foreseen: Foreseen | None = None
    announced: bool = False

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
            self.edits, self.note = None, note

    @property
    def body(self) -> bytes | Path:
        """The bytes as they came, or the file that holds them."""
        if self.raw is not None:
            return self.raw
        if self.body_path is None:
            raise LookupError(f"mail {self.id}: its body is gone")
        return self.body_path

    def signature_of(self, variant: Variant) -> bytes:
        """Signature fields to go on top; the edited variant has its own among its edits."""
        return b"" if self.edits_of(variant) else self.signature

    def edits_of(self, variant: Variant) -> tuple[OctetEdit, ...]:
        """What to change in the bytes for a variant; one whose edits are not known leaves as it came."""
        return self.edits or () if variant is Variant.EDITED else ()

    def head(self, bytes_max: int) -> bytes:
        """The beginning of the original, for reports."""
        body = self.body
        if isinstance(body, bytes):
            return body[:bytes_max]
        try:
            with body.open("rb") as file:
                return file.read(bytes_max)
        except FileNotFoundError:
            return b""

    def original(self) -> Octets:
        """The original's octets; a large one is mapped, so that only what is looked at is read.

        Raises:
            OSError: its file cannot be opened.
        """
        body = self.body
        if isinstance(body, bytes):
            return body
        with body.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
