"""What a rule may order: the actions of the rule language, read from TOML. Each is really carried out, or refused here.

No action can add a link to a mail: `insert_block` says which text goes in and where, once everything else has said yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from rules.model import OnFail, Place
from rules.toml_lines import Path
from rules.toml_reader import TomlReader

HOLD_MINUTES_MAX = 1440
TAGS_MAX = 20
TAG_CHARS_MAX = 40
HEADER_NAME_CHARS_MAX = 60
HEADER_VALUE_CHARS_MAX = 200
ACTIONS_MAX = 20

_Word = TypeVar("_Word", bound=str)

PLACES: tuple[Place, ...] = ("before_signature", "after_new_text", "end")
ON_FAIL: tuple[OnFail, ...] = ("pass_and_flag", "pass")

#: What ``${…}`` may name. `company` is filled in by the gateway, the others when the rule holds.
HEADER_VARIABLES = frozenset(
    {"company", "tenant", "rule", "ruleset", "lang", "text", "decision", "ats.status", "ats.stage", "ats.age_days"}
)
DROPBOX_VARIABLES = frozenset({"company", "tenant"})

# RFC 5322 3.6.8: printable ASCII without the colon.
_FIELD_NAME = re.compile(r"[!-9;-~]+\Z")
#: Fields that say whose mail it is, where it goes, what it is made of, or where it has been (RFC 5322 3.6, RFC 2045,
#: RFC 2369, RFC 3834, RFC 6376, RFC 8601, RFC 8617), and those by which mail programmes answer.
_RESERVED = frozenset(
    {
        *("from", "sender", "reply-to", "to", "cc", "bcc", "date", "message-id", "in-reply-to", "references"),
        *("subject", "return-path", "received", "delivered-to", "envelope-to", "apparently-to", "mime-version"),
        *("dkim-signature", "domainkey-signature", "authentication-results", "received-spf", "auto-submitted"),
        *("precedence", "errors-to", "return-receipt-to", "disposition-notification-to", "encrypted", "lines"),
        *("original-recipient", "x-original-to", "x-careerrelay", "x-careerrelay-trace", "path", "newsgroups"),
    }
)
_RESERVED_BEGINNINGS = ("content-", "resent-", "arc-", "list-", "x-envelope-", "disposition-notification-")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?\Z")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}\Z")
_TAG = re.compile(r"[^\s,;\x00-\x1f\x7f](?:[^\n\r,;\x00-\x1f\x7f]*[^\s,;\x00-\x1f\x7f])?\Z")


@dataclass(frozen=True, slots=True)
class InsertBlock:
    """Which text a mail gets that is to carry the link: a tone (``polite``), or one language of it (``ja-polite``)."""

    block: str
    place: Place
    on_fail: OnFail

    def __str__(self) -> str:
        return f"insert_block {self.block} {self.place}"


@dataclass(frozen=True, slots=True)
class AddHeader:
    """A field on top of what leaves the company; ``value`` may hold variables."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"add_header {self.name}"


@dataclass(frozen=True, slots=True)
class CrmTag:
    """Words that stay with the decision, for people and the CRM; the mail does not change."""

    tags: tuple[str, ...]

    def __str__(self) -> str:
        return f"crm_tag {', '.join(self.tags)}"


@dataclass(frozen=True, slots=True)
class BccDropbox:
    """A copy of the mail as it came to an address of the company's own CRM, in the envelope only."""

    to: str

    def __str__(self) -> str:
        return f"bcc_dropbox {self.to}"


@dataclass(frozen=True, slots=True)
class Hold:
    """The mail waits so long for a person, then leaves unchanged."""

    minutes: int

    def __str__(self) -> str:
        return f"hold {self.minutes}"


@dataclass(frozen=True, slots=True)
class Settle:
    """``review``: no link, a person is asked. ``pass``: no link, nobody is asked, and no later rule either."""

    verdict: Literal["review", "pass"]

    def __str__(self) -> str:
        return self.verdict


Action = InsertBlock | AddHeader | CrmTag | BccDropbox | Hold | Settle


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put ``values`` in for their ``${name}``; a name that is not among them stays."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text) if "${" in text else text


def variables(text: str) -> frozenset[str]:
    return frozenset(_VARIABLE.findall(text))


def read(reader: TomlReader, row: Mapping[str, Any], path: Path, blocks: Collection[str] | None) -> tuple[Action, ...]:
    """Read ``[[rule.do]]``. ``blocks``: tones that exist; None leaves the names of blocks unchecked."""
    steps = row.get("do", [])
    where: Path = (*path, "do")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        reader.wrong(where, "write what the rule does as [[rule.do]] tables")
        return ()
    if len(steps) > ACTIONS_MAX:
        reader.wrong(where, f"more than {ACTIONS_MAX} actions")
    found = tuple(_read(reader, steps[:ACTIONS_MAX], where, blocks))
    _refuse_contradictions(reader, found, where)
    return tuple(action for action in found if action is not None)


def _read(
    reader: TomlReader, steps: list[Mapping[str, Any]], path: Path, blocks: Collection[str] | None
) -> Iterator[Action | None]:
    for number, step in enumerate(steps):
        where: Path = (*path, number)
        name = step.get("action")
        if not isinstance(name, str) or name not in _READERS:
            reader.wrong((*where, "action"), f"action {name!r} is not known; {', '.join(sorted(_READERS))}")
            yield None
            continue
        keys, read_one = _READERS[name]
        reader.only(step, {"action", *keys}, where)
        action = read_one(reader, step, where)
        if isinstance(action, InsertBlock) and blocks is not None:
            _check_block(reader, action, where, blocks)
        yield action


def _refuse_contradictions(reader: TomlReader, actions: tuple[Action | None, ...], path: Path) -> None:
    """Orders that cannot all be obeyed: what passes leaves as it came, what a person is asked about gets no block."""
    verdicts = [(number, action) for number, action in enumerate(actions) if isinstance(action, Settle)]
    touching = {InsertBlock: "insert_block", AddHeader: "add_header", Hold: "hold"}
    for number, one in verdicts:
        for action in actions:
            clashes = action is not None and type(action) in touching
            if clashes and (one.verdict == "pass" or isinstance(action, InsertBlock)):
                other = touching[type(action)]
                reader.wrong((*path, number), f"{one.verdict} and {other} cannot both be done; keep one of them")
    if len(verdicts) > 1:
        reader.wrong((*path, verdicts[1][0]), "a rule has one of pass and review, once")
    for kind, name in ((InsertBlock, "insert_block"), (Hold, "hold")):
        twice = [number for number, action in enumerate(actions) if isinstance(action, kind)]
        if len(twice) > 1:
            reader.wrong((*path, twice[1]), f"{name} stands twice in this rule; keep one of them")


def _insert_block(reader: TomlReader, step: Mapping[str, Any], path: Path) -> Action:
    return InsertBlock(
        block=reader.text(step, (*path, "block"), required=True).removeprefix("relay-"),
        place=_one_of(reader, step, (*path, "place"), PLACES),
        on_fail=_one_of(reader, step, (*path, "on_fail"), ON_FAIL),
    )


def _check_block(reader: TomlReader, action: InsertBlock, path: Path, blocks: Collection[str]) -> None:
    _, tone = block_name(action.block)
    if action.block and tone not in blocks:
        reader.wrong((*path, "block"), f"block {action.block!r} is not known; {', '.join(sorted(blocks))}, "
                     "or one of them in one language, such as ja-polite")  # fmt: skip


def block_name(name: str) -> tuple[str, str]:
    """Split a block's name into language ("" for the mail's own) and tone."""
    lang, dash, tone = name.partition("-")
    return (lang, tone) if dash and lang in ("ja", "en") else ("", name)


def _one_of(reader: TomlReader, step: Mapping[str, Any], path: Path, known: tuple[_Word, ...]) -> _Word:
    value = step.get(str(path[-1]), known[0])
    if value not in known:
        reader.wrong(path, f"{path[-1]} {value!r} is not known; {', '.join(known)}")
        return known[0]
    return known[known.index(value)]


def _add_header(reader: TomlReader, step: Mapping[str, Any], path: Path) -> Action:
    name = reader.text(step, (*path, "name"), required=True, chars_max=HEADER_NAME_CHARS_MAX)
    value = reader.text(step, (*path, "value"), required=True, chars_max=HEADER_VALUE_CHARS_MAX)
    lower = name.lower()
    if name and not _FIELD_NAME.match(name):
        reader.wrong((*path, "name"), "a field name is printable ASCII without space and colon (RFC 5322 3.6.8)")
    elif lower in _RESERVED or lower.startswith(_RESERVED_BEGINNINGS):
        reader.wrong((*path, "name"), f"field {name} belongs to mail servers or to the mail itself; write X-… instead")
    if value and not _VALUE.match(value):
        reader.wrong((*path, "value"), "a field's value is one line of printable ASCII, without space around it")
    _only_variables(reader, value, (*path, "value"), HEADER_VARIABLES)
    return AddHeader(name, value)


def _crm_tag(reader: TomlReader, step: Mapping[str, Any], path: Path) -> Action:
    where: Path = (*path, "tags")
    tags = reader.texts(step, where)
    if "tags" not in step or len(tags) > TAGS_MAX:
        reader.wrong(where, f"tags is a list of 1 to {TAGS_MAX} words")
    for tag in tags:
        if len(tag) > TAG_CHARS_MAX or not _TAG.match(tag):
            reader.wrong(where, f"tag {tag!r}: 1 to {TAG_CHARS_MAX} characters without comma, semicolon or line break")
    return CrmTag(tags[:TAGS_MAX])


def _bcc_dropbox(reader: TomlReader, step: Mapping[str, Any], path: Path) -> Action:
    where: Path = (*path, "to")
    to = reader.text(step, where, required=True, chars_max=254)
    _only_variables(reader, to, where, DROPBOX_VARIABLES)
    if to and not _ADDRESS.match(fill(to, dict.fromkeys(DROPBOX_VARIABLES, "1"))):
        reader.wrong(where, f"{to!r} is no address; write one such as crm-drop@example.co.jp")
    return BccDropbox(to)


def _only_variables(reader: TomlReader, text: str, path: Path, known: Collection[str]) -> None:
    for name in sorted(variables(text) - set(known)):
        reader.wrong(path, f"${{{name}}} is not known; {', '.join(sorted(known))}")
    if "${" in _VARIABLE.sub("", text):
        reader.wrong(path, "a ${ without its }")


def _hold(reader: TomlReader, step: Mapping[str, Any], path: Path) -> Action:
    where: Path = (*path, "minutes")
    minutes = reader.number(step, where, 0.0, 1.0, float(HOLD_MINUTES_MAX))
    if "minutes" not in step or minutes != int(minutes):
        reader.wrong(where, f"minutes is a whole number from 1 to {HOLD_MINUTES_MAX}")
    return Hold(int(minutes))


_READERS: Mapping[str, tuple[Collection[str], Callable[[TomlReader, Mapping[str, Any], Path], Action]]] = {
    "insert_block": (("block", "place", "on_fail"), _insert_block),
    "add_header": (("name", "value"), _add_header),
    "crm_tag": (("tags",), _crm_tag),
    "bcc_dropbox": (("to",), _bcc_dropbox),
    "hold": (("minutes",), _hold),
    "review": ((), lambda _reader, _step, _path: Settle("review")),
    "pass": ((), lambda _reader, _step, _path: Settle("pass")),
}
