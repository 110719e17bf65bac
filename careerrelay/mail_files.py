"""Mail files and signals files, read as the gateway would read the same mail arriving."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses, parseaddr
from pathlib import Path

from core.errors import ConfigError
from gateway.letter.doubt import Malformed
from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.limits import Limits
from gateway.letter.parse import parse
from gateway.letter.read import read_mail
from rules.mail import Mail
from rules.model import LIVE_STATUSES, AtsAnswer, read_status

FILE_BYTES_MAX = 64 * 1024 * 1024
_SIGNAL_COLUMNS = ("file", "recipient", "in_ats", "ats_status", "status_age_days")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One line of a signals file: what a simulated ATS says about the recipient of one mail file."""

    recipient: str
    answer: AtsAnswer | None


def read_signals(path: Path) -> Mapping[str, tuple[SignalLine, ...]]:
    """The lines of a signals file by base name of the mail they belong to.

    Raises:
        ConfigError: the file cannot be read, or a line is wrong; says which.
    """
    found: dict[str, list[SignalLine]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := set(_SIGNAL_COLUMNS) - set(reader.fieldnames or ()):
                raise ConfigError(f"{path}: no column {', '.join(sorted(missing))}")
            for row in reader:
                found.setdefault(Path(row["file"]).name, []).append(_signal_line(path, reader.line_num, row))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: not a CSV file in UTF-8: {error}") from None
    return {name: tuple(lines) for name, lines in found.items()}


def _signal_line(path: Path, number: int, row: Mapping[str, str]) -> SignalLine:
    if row["in_ats"].strip().lower() not in ("1", "true", "yes"):
        return SignalLine(row["recipient"].strip(), None)
    try:
        age_days = float(row["status_age_days"] or 0)
    except ValueError:
        raise ConfigError(f"{path}:{number}: status_age_days is no number: {row['status_age_days']!r}") from None
    return SignalLine(row["recipient"].strip(), AtsAnswer(read_status(row["ats_status"]), age_days))


def answer(lines: Sequence[SignalLine], recipients: Sequence[str]) -> AtsAnswer | None:
    """What the ATS says of a mail: the line of one of its recipients, else the first.

    A further line of the same person that is still alive makes it contrary.
    """
    wanted = {recipient.lower() for recipient in recipients}
    known = [line for line in lines if line.recipient.lower() in wanted and line.answer] or [
        line for line in lines if line.answer
    ]
    if not known or known[0].answer is None:
        return None
    first, person = known[0].answer, known[0].recipient.lower()
    others = [line.answer for line in known[1:] if line.recipient.lower() == person and line.answer]
    contrary = any(other.status in LIVE_STATUSES for other in others)
    return AtsAnswer(first.status, first.age_days, contrary)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Whatever is wrong with the file is told with its name: for commands that have no list in which it stands."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def read_file(path: Path) -> tuple[bytes, bytes]:
    """A mail file's bytes as they are, and with the CRLF line ends that a mail server would have sent.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        with path.open("rb") as file:  # read up to the limit: a device or a pipe has no size
            stored = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(error.strerror or str(error)) from None
    except ValueError as error:  # a NUL in the path
        raise ConfigError(str(error)) from None
    if len(stored) > FILE_BYTES_MAX:
        raise ConfigError(f"larger than {FILE_BYTES_MAX} bytes")
    if not stored:
        raise ConfigError("the file is empty")
    return stored, stored if b"\r\n" in stored else stored.replace(b"\n", b"\r\n")


def envelope_of(raw: bytes) -> Envelope:
    """The envelope that a file does not have: recipients To and Cc, sender Return-Path, else From."""
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    fields = [str(value) for name in ("To", "Cc") for value in headers.get_all(name, [])]
    sender = parseaddr(str(headers.get("Return-Path") or headers.get("From") or ""))[1]
    return Envelope(sender, tuple(Recipient(address) for _, address in getaddresses(fields) if address))


def mail_of(raw: bytes, limits: Limits, own_domains: frozenset[str] | None = None, own_link_base: str = "") -> Mail:
    """The mail as the rules see it. ``own_domains`` None: the domain of its From.

    Raises:
        ConfigError: it is no mail.
    """
    if own_domains is None:
        address = parseaddr(str(BytesHeaderParser(policy=compat32).parsebytes(raw).get("From") or ""))[1]
        own_domains = frozenset({address.rpartition("@")[2].lower()} - {""})
    try:
        parsed = parse(raw, limits)
    except Malformed as error:
        raise ConfigError(error.message) from None
    return read_mail(parsed, envelope_of(raw), own_domains, own_link_base, already_processed=False)
