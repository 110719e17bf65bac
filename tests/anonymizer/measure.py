"""How much leaks and how much is taken needlessly: gold spans against findings."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from anonymizer.engine import anonymise
from anonymizer.model import Identity
from tests.anonymizer.records import Record


@dataclass
class Tally:
    """Counts over a set of records."""

    total: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    leaked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    chars: int = 0
    chars_taken: int = 0
    leaks: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def leak(self, *kinds: str) -> float:
        """Return the share of spans of ``kinds`` (all when none) that stay readable."""
        chosen = kinds or tuple(kind for kind in self.total if kind != "KEEP")
        total = sum(self.total[kind] for kind in chosen)
        return sum(self.leaked[kind] for kind in chosen) / total if total else 0.0

    @property
    def over_redaction(self) -> float:
        """Return the share of harmless characters that were taken."""
        return self.chars_taken / self.chars if self.chars else 0.0

    @property
    def protected_lost(self) -> float:
        """Return the share of phrases that had to survive and did not."""
        return self.leak("KEEP")


def _covered(text: str, ranges: Iterable[tuple[int, int]]) -> bytearray:
    covered = bytearray(len(text))
    for start, end in ranges:
        covered[start:end] = b"\x01" * (end - start)
    return covered


def _readable(text: str, covered: bytearray, start: int, end: int) -> bool:
    """Tell whether two letters or digits in a row (or the only one) of a span are left."""
    left = "".join(text[at] if not covered[at] else "\0" for at in range(start, end))
    runs = ["".join(char for char in run if char.isalnum()) for run in left.split("\0")]
    return any(len(run) >= min(2, end - start) for run in runs)


def measure(records: Sequence[Record], knowing: str = "nobody") -> Tally:
    """Strip every record, knowing "nobody", the "candidate" or "all" participants."""
    tally = Tally()
    for record in records:
        known: tuple[Identity, ...] = {"nobody": (), "candidate": record.people[:1], "all": record.people}[knowing]
        found = anonymise(record.text, known, "en" if record.lang == "en" else "ja").findings
        covered = _covered(record.text, ((each.start, each.end) for each in found))
        gold = _covered(record.text, ((start, end) for kind, start, end in record.spans if kind != "KEEP"))
        for kind, start, end in record.spans:
            tally.total[kind] += 1
            bad = any(covered[start:end]) if kind == "KEEP" else _readable(record.text, covered, start, end)
            if bad:
                tally.leaked[kind] += 1
                (tally.lost if kind == "KEEP" else tally.leaks).append(f"{record.id} {kind} {record.text[start:end]!r}")
        tally.chars += sum(1 for at in range(len(record.text)) if not gold[at])
        over = [at for at in range(len(record.text)) if covered[at] and not gold[at]]
        tally.chars_taken += len(over)
        for each in found:
            if not any(gold[each.start : each.end]):
                surface = record.text[each.start : each.end]
                tally.taken.append(f"{record.id} {each.type} {surface!r} {each.recogniser}: {each.why}")
    return tally
