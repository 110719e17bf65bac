"""What an operator may write about a company: pure checks, every problem at once, values in one canonical form."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import idna

from core.endpoints import NextHop
from core.errors import ConfigError, Mistake
from core.lang import Lang
from rules.model import Mode

SignedMail = Literal["leave", "resign"]
DkimSign = Literal["edited", "all"]

NAME_CHARS_MAX = 200
HOLD_MINUTES_MAX = 1440
KEEP_PASSED_DAYS_MAX = 90
ENTRIES_MAX = 200
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_LOCAL_PART = re.compile(r"[^\s@\x00-\x1f\x7f<>\",;:\\()\[\]]{1,64}\Z")
#: Only names that mean nothing to mail servers and clients, and none of our own: X-CareerRelay is read (decisions 12).
_STAMP = re.compile(r"(?!x-careerrelay)x-[a-z0-9-]{1,58}[a-z0-9]: [!-~](?:[ -~]{0,98}[!-~])?\Z", re.IGNORECASE)
_TONE = re.compile(r"[a-z][a-z_]{0,19}\Z")


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What an operator gives to add a company. Without a mode: observe, which changes no mail.

    ``sender_domains`` are exact or ``.example.jp`` (its sub-domains); ``recruiting_senders`` are addresses or
    ``@domain``; ``networks`` are CIDR; ``stamp`` is a header field written "X-Name: value". ``signed_mail``: a mail
    that arrives with a DKIM signature of the company is left as it is, or edited and signed again by us;
    ``dkim_sign``: which mail we sign when the company has an active key.
    """

    name: str
    sender_domains: tuple[str, ...]
    recruiting_senders: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    mode: Mode = Mode.OBSERVE
    next_hop: str | None = None
    hold_minutes: int = 60
    locale: Lang = "ja"
    tone: str = "polite"
    mail_from: str | None = None
    contact_mail: str | None = None
    postal_address: str | None = None
    representative: str | None = None
    privacy_url: str | None = None
    keep_passed_days: int = 0
    stamp: str | None = None
    timezone: str = "Asia/Tokyo"
    signed_mail: SignedMail = "leave"
    dkim_sign: DkimSign = "edited"


def domain(text: str) -> str:
    """Canonical form of a domain (lower case, IDNA); a leading dot stays and means the sub-domains.

    Raises:
        ConfigError: it is no domain, or a bare top level, which would swallow everybody's mail.
    """
    dot, rest = ("." if text.startswith(".") else ""), text.strip().lstrip(".").rstrip(".")
    try:
        ascii_form = idna.encode(rest, uts46=True).decode("ascii").lower() if rest else ""
    except idna.IDNAError:
        ascii_form = rest.lower()
    labels = ascii_form.split(".")
    if len(ascii_form) > 253 or not all(_LABEL.match(label) for label in labels):
        raise ConfigError(Mistake(f"{text!r} is not a domain", "domain", {"value": text}))
    if len(labels) < 2 and (dot or ascii_form != "localhost"):
        wide = f"{text!r}: a bare top level is too wide, name the company's own domain"
        raise ConfigError(Mistake(wide, "domain_wide", {"value": text}))
    return dot + ascii_form


def address(text: str) -> str:
    """Canonical form of a mail address that an operator typed (domain in lower case and IDNA, local part as it is).

    Raises:
        ConfigError: it has no local part or no domain.
    """
    local, at, host = text.strip().rpartition("@")
    if not at or not _LOCAL_PART.match(local):
        raise ConfigError(Mistake(f"{text!r} is not a mail address", "address", {"value": text}))
    return f"{local}@{domain(host)}"


def recruiting_sender(text: str) -> str:
    """An address, or ``@domain`` for everybody in it; lower case, since senders are compared that way."""
    text = text.strip()
    return f"@{domain(text[1:])}" if text.startswith("@") else address(text).lower()


def network(text: str) -> str:
    """Canonical CIDR; a single address becomes its own network.

    Raises:
        ConfigError: it is no network, has host bits set (a typing mistake more often than a wish), or is the whole
            internet, which would make an open relay.
    """
    try:
        parsed = ipaddress.ip_network(text.strip())
    except ValueError:
        raise ConfigError(Mistake(f"{text!r} {_no_network(text.strip())}", "network", {"value": text})) from None
    if parsed.prefixlen == 0:
        whole = f"network {text!r} is the whole internet: that would be an open relay"
        raise ConfigError(Mistake(whole, "network_all", {"value": text}))
    return str(parsed)


def _no_network(text: str) -> str:
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return "is no network; write it as 192.0.2.0/24 or 2001:db8::/32, or a single address"
    return f"is an address inside a network; write {meant} for all of it, or the address alone"


def covers(sender_domains: tuple[str, ...], host: str) -> bool:
    """Whether ``host`` is one of the domains, or below one that starts with a dot."""
    return any(host == one or (one.startswith(".") and host.endswith(one)) for one in sender_domains)


def checked(new: NewCompany) -> NewCompany:
    """Return ``new`` in canonical form.

    Raises:
        ConfigError: one line for every problem.
    """
    problems: list[Mistake] = []
    clean = replace(
        new,
        name=new.name.strip(),
        sender_domains=_each(new.sender_domains, domain, "sender domain", problems),
        recruiting_senders=_each(new.recruiting_senders, recruiting_sender, "recruiting sender", problems),
        networks=_each(new.networks, network, "network", problems),
        mail_from=_optional(new.mail_from, "sender of our mails", problems),
        contact_mail=_optional(new.contact_mail, "contact", problems),
    )
    if not new.sender_domains:
        problems.append(Mistake("sender domain: give at least one", "no_sender_domain"))
    problems += [*_outsiders(clean), *_plain_problems(clean), *_reference_problems(clean)]
    if problems:
        raise ConfigError(*problems)
    return clean


def links_problem(mode: Mode, base_url: str, next_hop: NextHop | None) -> str | None:
    """Why this mode may not put links of ``base_url`` into mail, or None (decisions 32).

    A candidate's token must not travel in clear; on one machine with a local sink nobody is there to read it.
    """
    if mode is Mode.OBSERVE or base_url.startswith("https://"):
        return None
    host = urlsplit(base_url).hostname or ""
    if next_hop is not None and next_hop.is_loopback and NextHop.parse(f"smtp://{_bracketed(host)}").is_loopback:
        return None
    return (
        f"mode {mode.value}: CAREERRELAY_WEB__BASE_URL ({base_url}) is not https; links in mail need https "
        "(plain http only on one machine, with web and next hop on loopback)"
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _each(texts: tuple[str, ...], parse: Callable[[str], str], what: str, problems: list[Mistake]) -> tuple[str, ...]:
    if len(texts) > ENTRIES_MAX:
        values: dict[str, object] = {"what": what, "n": ENTRIES_MAX}
        problems.append(Mistake(f"{what}: more than {ENTRIES_MAX}", "too_many", values))
        return ()
    good: dict[str, None] = {}
    for text in texts:
        try:
            good[parse(text)] = None
        except ConfigError as error:
            problems += [
                Mistake(f"{what}: {one.text}", one.code, {**one.values, "what": what}) for one in error.mistakes
            ]
    return tuple(good)


def _optional(text: str | None, what: str, problems: list[Mistake]) -> str | None:
    return next(iter(_each((text,), address, what, problems)), None) if text else None


def _outsiders(new: NewCompany) -> list[Mistake]:
    """Find recruiting senders whose mail would never be judged, since they are not in the sender domains. Without any
    domain that holds, that one mistake is enough."""
    return (
        []
        if not new.sender_domains
        else [
            Mistake(f"recruiting sender {sender} is not in the sender domains", "outsider", {"value": sender})
            for sender in new.recruiting_senders
            if not covers(new.sender_domains, sender.rpartition("@")[2])
        ]
    )


def _plain_problems(new: NewCompany) -> list[Mistake]:
    name_max, hold_max, keep_max = NAME_CHARS_MAX, HOLD_MINUTES_MAX, KEEP_PASSED_DAYS_MAX
    stamp = 'stamp: a header field "X-Name: value" in ASCII, one line, not X-CareerRelay'
    name_holds = 0 < len(new.name) <= name_max and new.name.isprintable()
    checks = (
        (name_holds, Mistake(f"name: 1 to {name_max} characters", "name", {"n": name_max})),
        (1 <= new.hold_minutes <= hold_max, Mistake(f"hold minutes: 1 to {hold_max}", "hold_minutes", {"n": hold_max})),
        (
            0 <= new.keep_passed_days <= keep_max,
            Mistake(f"keep passed mails: 0 to {keep_max} days", "keep_passed_days", {"n": keep_max}),
        ),
        (new.locale in ("ja", "en"), Mistake("locale: ja or en", "locale")),
        (bool(_TONE.match(new.tone)), Mistake("tone: a word of a-z and _", "tone")),
        (new.signed_mail in ("leave", "resign"), Mistake("signed mail: leave or resign", "signed_mail")),
        (new.dkim_sign in ("edited", "all"), Mistake("DKIM: sign edited or all", "dkim_sign")),
        (new.stamp is None or bool(_STAMP.match(new.stamp)), Mistake(stamp, "stamp")),
    )
    return [mistake for holds, mistake in checks if not holds]


def _reference_problems(new: NewCompany) -> list[Mistake]:
    problems: list[Mistake] = []
    if new.next_hop is not None:
        try:
            NextHop.parse(new.next_hop)
        except ConfigError as error:
            problems += [Mistake(f"next hop: {one.text}", one.code, one.values) for one in error.mistakes]
    if new.privacy_url is not None and not re.match(r"https?://[^\s]{1,480}\Z", new.privacy_url):
        problems.append(Mistake("privacy policy: an address that starts with https://", "privacy_url"))
    try:
        ZoneInfo(new.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        text = f"time zone: {new.timezone!r} is unknown, write for example Asia/Tokyo"
        problems.append(Mistake(text, "timezone"))
    return problems
