"""Golden cases: mails beside a rule file, and what must become of them before the file may be used.

Every case is decided as if the ATS had rejected its recipient today: *inject* must get the link then, *review* must be
shown to a person, and *never* must get no link even then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.letter.addresses import mailboxes
from gateway.letter.doubt import Malformed
from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.limits import Limits
from gateway.letter.parse import Parsed, parse
from gateway.letter.read import header_from, read_mail
from gateway.policy import domain_of
from rules.decide import decide
from rules.explain import reason_line
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Decision, Signals, Verdict
from rules.ruleset import RuleSet

FILES_MAX = 500
FILE_BYTES_MAX = 1_048_576
REASONS_MAX = 3
#: The most that can speak for a link: what is not injected with this is injected never.
_REJECTED_TODAY = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 0.0))
_TELLING = ("gate", "veto", "note")


@dataclass(frozen=True, slots=True)
class Failure:
    """``key``: inject, review or never; ``what`` names the case and why it failed."""

    key: str
    what: str


def failures(
    rule_set: RuleSet, folder: Path, limits: Limits, own_domains: frozenset[str] | None = None
) -> Iterator[Failure]:
    """Run the cases of ``rule_set``, whose patterns are looked up in ``folder``.

    ``own_domains``: the company's; None takes each mail's own From.
    """
    tests = rule_set.tests
    for key, patterns in (("inject", tests.inject), ("review", tests.review), ("never", tests.never)):
        for pattern in patterns:
            try:
                files = sorted(path for path in folder.glob(pattern) if path.is_file())
            except (OSError, ValueError) as error:
                yield Failure(key, f"{pattern}: {error}")
                continue
            if not files:
                yield Failure(key, f"{pattern}: there is no such file in {folder}; correct the pattern or add the mail")
            if len(files) > FILES_MAX:
                yield Failure(key, f"{pattern}: more than {FILES_MAX} files; keep those that say something new")
            for file in files[:FILES_MAX]:
                yield from _failure(key, file, folder, rule_set, limits, own_domains)


def _failure(
    key: str, file: Path, folder: Path, rule_set: RuleSet, limits: Limits, own_domains: frozenset[str] | None
) -> Iterator[Failure]:
    name = file.relative_to(folder).as_posix()
    try:
        decision = decide(_mail(file, limits, own_domains), rule_set, _REJECTED_TODAY)
    except OSError as error:
        yield Failure(key, f"case {name}: {error.strerror}")
        return
    except (Malformed, ValueError) as error:
        yield Failure(key, f"case {name}: no mail that can be read: {error}")
        return
    verdict = decision.verdict
    good = verdict is not Verdict.INJECT if key == "never" else verdict.value == key
    if not good:
        wanted = "must never be inject" if key == "never" else f"must be {key}"
        yield Failure(key, f"case {name} {wanted}, but is {verdict.value}: {_why(decision)}")


def _mail(file: Path, limits: Limits, own_domains: frozenset[str] | None) -> Mail:
    with file.open("rb") as opened:
        raw = opened.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        raise ValueError(f"larger than {FILE_BYTES_MAX} bytes")
    parsed = parse(raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n"), limits)
    author = header_from(parsed)
    returned = _addresses(parsed, (b"return-path",))
    envelope = Envelope(
        returned[0] if returned else author,
        tuple(Recipient(address) for address in _addresses(parsed, (b"to", b"cc"))),
    )
    domains = frozenset({domain_of(author)} - {""}) if own_domains is None else own_domains
    return read_mail(parsed, envelope, domains, own_link_base="", already_processed=False)


def _addresses(parsed: Parsed, names: Sequence[bytes]) -> list[str]:
    return [mailbox.address for name in names for value in parsed.values(name) for mailbox in mailboxes(value)]


def _why(decision: Decision) -> str:
    """What kept the link out or let it in, without the words of the mail."""
    telling = [reason for reason in decision.because if reason.kind in _TELLING and reason.id != "ats_silent"]
    said = [reason_line(reason, "en").partition(" 「")[0] for reason in telling[:REASONS_MAX]]
    return "; ".join(said) or f"the words say {decision.text.value} (score {decision.score:g})"
