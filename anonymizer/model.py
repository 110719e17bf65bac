"""The values of the anonymiser: what may be found, what was found, and what is known beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """A type of identifying or forbidden text. The names are Presidio's where Presidio has one."""

    PERSON = "PERSON"
    PHONE = "PHONE_NUMBER"
    EMAIL = "EMAIL_ADDRESS"
    POSTAL_CODE = "POSTAL_CODE"
    ADDRESS = "ADDRESS"
    BIRTH_DATE = "BIRTH_DATE"
    AGE = "AGE"
    MY_NUMBER = "MY_NUMBER"
    ID_NUMBER = "ID_NUMBER"
    BANK = "BANK_ACCOUNT"
    CARD = "CREDIT_CARD"
    IBAN = "IBAN_CODE"
    IP = "IP_ADDRESS"
    URL = "URL"
    HANDLE = "HANDLE"
    EMPLOYER = "EMPLOYER"
    SCHOOL = "SCHOOL"
    HEALTH = "HEALTH"
    FAMILY = "FAMILY"
    GENDER = "GENDER"
    NATIONALITY = "NATIONALITY"
    ORIGIN = "ORIGIN"
    BELIEF = "BELIEF"
    RECORD = "CRIMINAL_RECORD"


DIRECT = frozenset({Kind.PERSON, Kind.PHONE, Kind.EMAIL, Kind.POSTAL_CODE, Kind.ADDRESS, Kind.BIRTH_DATE,
                    Kind.MY_NUMBER, Kind.ID_NUMBER, Kind.BANK, Kind.CARD, Kind.IBAN, Kind.IP, Kind.URL,
                    Kind.HANDLE})  # fmt: skip
QUASI = frozenset({Kind.AGE, Kind.EMPLOYER, Kind.SCHOOL})
# Special-care and fair-selection items: 個人情報保護法 2条3項, 職業安定法 5条の5 guideline. Deleted, never masked.
FORBIDDEN = frozenset(Kind) - DIRECT - QUASI


@dataclass(frozen=True, slots=True)
class Identity:
    """A participant known beforehand (candidate, recruiter, interviewer, referrer); any field may be empty.

    ``name`` is written as the person writes it ("山田 太郎"); ``role`` is "candidate", "recruiter",
    "interviewer", "referrer" or empty and only chooses the label in the output.
    """

    name: str = ""
    kana: str = ""
    romaji: str = ""
    email: str = ""
    phone: str = ""
    role: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Identity":
        """Read ``{"name","kana","romaji","email","phone","role"}``; missing and null fields are empty."""
        return cls(**{key: str(data.get(key) or "") for key in cls.__slots__})


class Span(NamedTuple):
    """A guess of one recogniser: offsets are code points, half open; ``score`` is 0..1.

    A tuple: a mail brings some hundred, and a frozen dataclass takes three times as long to make.
    """

    kind: Kind
    start: int
    end: int
    score: float
    recogniser: str
    why: str = ""
    label: str = ""
    """Who it is, for persons whose identity is known: equal labels are the same person."""

    def at(self, start: int, end: int) -> "Span":
        """Return the same guess for another range."""
        return Span(self.kind, start, end, self.score, self.recogniser, self.why, self.label)

    def shifted(self, by: int) -> "Span":
        """Return the same span ``by`` characters further on."""
        return self.at(self.start + by, self.end + by) if by else self


@dataclass(frozen=True, slots=True)
class Finding:
    """One replaced stretch of the original text, with the trace of the decision."""

    type: str
    start: int
    end: int
    replacement: str
    recogniser: str
    score: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Anonymised:
    """The stripped text and every replacement in it, in order, with offsets into the original text."""

    text: str
    findings: tuple[Finding, ...] = field(default=())

    @property
    def forbidden(self) -> frozenset[str]:
        """Types of forbidden or special-care text that were deleted: the record needs a person's look."""
        return frozenset(found.type for found in self.findings) & FORBIDDEN

    @property
    def alert(self) -> bool:
        """A My Number was in the text: it must not be stored at all (番号法 20条)."""
        return any(found.type == Kind.MY_NUMBER for found in self.findings)
