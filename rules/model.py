"""The values that judging a mail takes and gives: verdicts, signals, reasons, decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from core.lang import Lang

ReasonKind = Literal["gate", "veto", "hit", "signal", "cut", "note"]
Place = Literal["before_signature", "after_new_text", "end"]
OnFail = Literal["pass_and_flag", "pass"]


class Verdict(StrEnum):
    """What happens to the mail: it gets the link, a person is asked about it, or nothing."""

    INJECT = "inject"
    REVIEW = "review"
    PASS = "pass"  # noqa: S105  (a verdict, no password)


class TextVerdict(StrEnum):
    """What the words alone say. Words alone never lead to an injection."""

    REJECTION = "rejection"
    LIKELY = "likely"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


class Mode(StrEnum):
    """How far a company, a rule file or a rule lets the gateway go."""

    OBSERVE = "observe"
    CONFIRM = "confirm"
    AUTO = "auto"


_CAUTION = (Mode.OBSERVE, Mode.CONFIRM, Mode.AUTO)


def strictest(*modes: Mode) -> Mode:
    """Return the most careful of ``modes``; without any, observe."""
    return min(modes, key=_CAUTION.index, default=Mode.OBSERVE)


class AtsStatus(StrEnum):
    """What the applicant tracking system says about one application."""

    IN_PROCESS = "in_process"
    ON_HOLD = "on_hold"
    OFFERED = "offered"
    HIRED = "hired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    UNKNOWN = "unknown"


#: The candidate may still get the job: a link in such a mail would be the worst error.
LIVE_STATUSES = frozenset({AtsStatus.IN_PROCESS, AtsStatus.ON_HOLD, AtsStatus.OFFERED, AtsStatus.HIRED})


def read_status(word: str) -> AtsStatus:
    """Read a status word of a connector or file; ``in_progress`` is in_process, any other word unknown."""
    key = word.strip().lower().replace("-", "_").replace(" ", "_")
    if key == "in_progress":
        return AtsStatus.IN_PROCESS
    try:
        return AtsStatus(key)
    except ValueError:
        return AtsStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class AtsAnswer:
    """The newest status of the recipient's application.

    ``contrary``: another application of that person is in process, on hold, offered or hired.
    """

    status: AtsStatus
    age_days: float
    contrary: bool = False
    application: str = ""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known beside the mail. ``approved``/``refused`` hold SHA-256 hex of masked sentences."""

    ats: AtsAnswer | None = None
    approved: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


class Reason(NamedTuple):
    """One step of a decision. ``start``/``end`` are character offsets into ``Mail.text``, -1 elsewhere."""

    kind: ReasonKind
    id: str
    weight: float = 0.0
    quote: str = ""
    start: int = -1
    end: int = -1
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a company's rules want done with a mail, beside its verdict. Nothing here can add a link.

    ``mode``: the strictest of the rule file and of the rules that hold. ``block`` (a tone, or ``ja-tone``), ``place``
    and ``on_fail`` say how a link goes in when the verdict is inject. ``headers`` (name, value) and ``dropboxes``
    (addresses) may still hold ``${company}``. ``hold_minutes`` 0: the mail does not wait.
    """

    mode: Mode = Mode.AUTO
    block: str = ""
    place: Place = "before_signature"
    on_fail: OnFail = "pass"
    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    dropboxes: tuple[str, ...] = ()
    hold_minutes: int = 0

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Orders:
        """Rebuild what `Decision.to_json` wrote."""
        return Orders(
            **{
                **stored,
                "mode": Mode(stored["mode"]),
                "headers": tuple((name, value) for name, value in stored["headers"]),
                "tags": tuple(stored["tags"]),
                "dropboxes": tuple(stored["dropboxes"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one mail, and why. ``sentence`` is the masked decision sentence.

    ``orders`` is None where no rule of the company asks for anything.
    """

    verdict: Verdict
    text: TextVerdict
    score: float
    because: tuple[Reason, ...]
    sentence: str = ""
    sentence_sha256: str = ""
    ruleset: str = ""
    marker: bool = False
    lang: Lang = "ja"
    would_change: tuple[str, ...] = ()
    orders: Orders | None = None

    def to_json(self, *, words: bool = True) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers; ``from_json`` reads them back.

        Without ``words`` nothing that the mail itself says is in it: no quotes, no decision sentence.
        """
        # Written out: `dataclasses.asdict` copies deeply and cost more than the decision's commit.
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain["verdict"] = self.verdict.value
        plain["text"] = self.text.value
        plain["because"] = [reason._asdict() for reason in self.because]
        plain["would_change"] = list(self.would_change)
        if self.orders is None:
            del plain["orders"]
        else:
            plain["orders"] = asdict(self.orders) | {"mode": self.orders.mode.value}
        if not words:
            plain["sentence"] = ""
            for reason in plain["because"]:
                reason["quote"] = ""
        return plain

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Decision:
        """Rebuild a decision that ``to_json`` wrote; raises KeyError, TypeError or ValueError on others."""
        fields = dict(stored)
        return Decision(
            **{
                **fields,
                "verdict": Verdict(fields["verdict"]),
                "text": TextVerdict(fields["text"]),
                "because": tuple(Reason(**reason) for reason in fields["because"]),
                "would_change": tuple(fields["would_change"]),
                "orders": Orders.from_json(fields["orders"]) if fields.get("orders") else None,
            }
        )
