"""Reads `when` and `except` of a rule, and tells which conditions are wider than others."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from rules import lexicon, patterns
from rules.model import AtsStatus, TextVerdict
from rules.ruleset import Condition, RecipientKind, Rule, Words
from rules.spelling import plain
from rules.toml_lines import Path
from rules.toml_reader import TomlReader

KEYS = frozenset(Condition.__dataclass_fields__) | {"verdict"}
SCORE_MIN, SCORE_MAX = 0.1, 20.0
#: Patterns of one file: each is asked of every mail of the company.
PATTERNS_MAX = 200
#: A rule's word in canonical spelling. There are few, and each is asked of every mail.
spelled = functools.lru_cache(maxsize=8192)(plain)
_KINDS = frozenset(get_args(RecipientKind))
#: Vetoes that no phrase names; `rules.vetoes` and `rules.decide` find them.
OTHER_CUES = frozenset(
    {
        *(
            "positive",
            "quoted",
            "past",
            "part",
            "question",
            "turned",
            "addressee_body",
            "somebody_else",
            "template_mark",
        ),
        *("unread_decision", "not_all_judged", "parts_disagree", "refused_sentence"),
    }
)


@functools.cache
def cues() -> frozenset[str]:
    """Return every veto that a rule may ask about."""
    kinds = {"veto", "unsure", "elsewhere"}
    return OTHER_CUES | {phrase.cue for phrase in lexicon.shipped().phrases if phrase.kind in kinds}


class ConditionReader:
    """Reads the conditions of one file; counts its patterns."""

    def __init__(self, reader: TomlReader) -> None:
        self._reader = reader
        self._patterns = 0

    def when(self, row: Mapping[str, Any], path: Path) -> Condition:
        """Read ``when``: every key, at every level, must hold."""
        where: Path = (*path, "when")
        found = self._condition(row.get("when", {}), where)
        if found.empty and not row.get("when"):
            self._reader.wrong(where, "a rule without conditions holds for every mail: an empty `when` is refused; "
                               "name at least one condition under [rule.when]")  # fmt: skip
        return found

    def exceptions(self, row: Mapping[str, Any], path: Path) -> Iterator[Condition]:
        """Read ``except``: any one key, at any level, cancels; each becomes a condition of its own."""
        where: Path = (*path, "except")
        values = row.get("except", {})
        whole = self._condition(values, where)
        if "except" in row and whole.empty and values == {}:
            self._reader.wrong(where, "an empty `except` cancels nothing; leave it out")
        yield from _split(whole)

    def _condition(self, values: Any, path: Path) -> Condition:
        reader = self._reader
        if not isinstance(values, dict):
            reader.wrong(path, "expected a table of conditions")
            return Condition()
        reader.only(values, KEYS, path)
        if "ats_within_days" in values and "ats_status" not in values:
            reader.wrong((*path, "ats_within_days"), "ats_within_days needs ats_status beside it")
        if "verdict" in values and "text" in values:
            reader.wrong((*path, "verdict"), "verdict and text are the same condition; keep text")
        score = reader.number(values, (*path, "min_score"), -1.0, SCORE_MIN, SCORE_MAX)
        days = reader.number(values, (*path, "ats_within_days"), -1.0, 0.0, 3650.0)
        text_key = "verdict" if "verdict" in values else "text"
        return Condition(
            sender=reader.addresses(values, (*path, "sender")),
            recipient=reader.addresses(values, (*path, "recipient")),
            recipient_kind=self._kinds(values, (*path, "recipient_kind")),
            subject=self._words(values, (*path, "subject")),
            body_new=self._words(values, (*path, "body_new")),
            header=self._header(values, (*path, "header")),
            text=tuple(TextVerdict(one) for one in reader.choices(values, (*path, text_key), set(TextVerdict))),
            min_score=None if score < 0 else score,
            ats_status=tuple(AtsStatus(one) for one in reader.choices(values, (*path, "ats_status"), set(AtsStatus))),
            ats_within_days=None if days < 0 else days,
            cue=reader.choices(values, (*path, "cue"), cues()),
        )

    def _kinds(self, values: Mapping[str, Any], path: Path) -> tuple[RecipientKind, ...]:
        found = set(self._reader.choices(values, path, _KINDS))
        return tuple(kind for kind in get_args(RecipientKind) if kind in found)

    def _words(self, values: Mapping[str, Any], path: Path) -> Words | None:
        table = values.get(str(path[-1]))
        if table is None:
            return None
        if not isinstance(table, dict) or not table:
            self._reader.wrong(path, "write { any = [words] }, { all = [words] } or { regex = [patterns] }")
            return None
        self._reader.only(table, {"any", "all", "regex"}, path)
        regexes = self._reader.texts(table, (*path, "regex"))
        self._patterns += len(regexes)
        if self._patterns > PATTERNS_MAX >= self._patterns - len(regexes):
            self._reader.wrong((*path, "regex"), f"more than {PATTERNS_MAX} patterns in one file; write words instead")
        for said in filter(None, map(patterns.problem, regexes[:PATTERNS_MAX])):
            self._reader.wrong((*path, "regex"), said)
        found = Words(
            any=self._reader.texts(table, (*path, "any")),
            all=self._reader.texts(table, (*path, "all")),
            regex=regexes,
        )
        for word in (*found.any, *found.all):
            if not spelled(word).strip():
                self._reader.wrong(path, f"the word {word!r} is nothing but spaces, which every text holds")
        return found

    def _header(self, values: Mapping[str, Any], path: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
        table = values.get("header")
        if table is None:
            return ()
        if not isinstance(table, dict) or not table:
            self._reader.wrong(path, 'write header = { "X-Name" = "text" }, or "*" for any value')
            return ()
        found = []
        for name in table:
            texts = self._reader.texts(table, (*path, name))
            if not texts:
                self._reader.wrong(path, 'write header = { "X-Name" = "text" }, or "*" for any value')
            found.append((name.lower(), texts))
        return tuple(found)


def _split(whole: Condition) -> Iterator[Condition]:
    """Take a condition apart: one for each thing that it asks."""
    for name in Condition.__dataclass_fields__:
        value = getattr(whole, name)
        if value in ((), None) or name == "ats_within_days":
            continue
        if isinstance(value, Words):
            for part in ("any", "all", "regex"):
                if getattr(value, part):
                    yield _only(name, Words(**{part: getattr(value, part)}))
        elif name == "header":
            for field in value:
                yield Condition(header=(field,))
        elif name == "ats_status":
            yield Condition(ats_status=value, ats_within_days=whole.ats_within_days)
        else:
            yield _only(name, value)


def _only(name: str, value: Any) -> Condition:
    return Condition(**{name: value})


# --- wider and narrower ---


def shadows(earlier: Rule, later: Rule) -> bool:
    """Tell whether ``later`` is never asked: ``earlier`` ends the search for every mail that it could hold for."""
    if not ends_search(earlier) or not wider(earlier.when, later.when):
        return False
    return all(
        _never_together(later.when, one) or any(wider(own, one) for own in later.unless) for one in earlier.unless
    )


def ends_search(rule: Rule) -> bool:
    return rule.stop or any(str(action) == "pass" for action in rule.actions)


def _never_together(one: Condition, other: Condition) -> bool:
    """Tell for sure that two conditions never hold for the same mail: what has one value only has another in each."""
    pairs = ((one.text, other.text), (one.ats_status, other.ats_status))
    return any(mine and theirs and not set(mine) & set(theirs) for mine, theirs in pairs)


def always_cancelled(rule: Rule) -> bool:
    """Tell whether one of the rule's exceptions holds whenever its conditions do."""
    return any(wider(one, rule.when) for one in rule.unless)


def wider(wide: Condition, narrow: Condition) -> bool:
    """Tell for sure that ``wide`` holds whenever ``narrow`` does; False when in doubt."""
    return all(
        covers(getattr(wide, name), getattr(narrow, name))
        for name, covers in _COVERS.items()
        if getattr(wide, name) not in ((), None)
    ) and (not wide.ats_status or _days_cover(wide.ats_within_days, narrow.ats_within_days))


def _values_cover(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return bool(narrow) and set(narrow) <= set(wide)


def _addresses_cover(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return bool(narrow) and all(any(_address_covers(a.lower(), b.lower()) for a in wide) for b in narrow)


def _address_covers(wide: str, narrow: str) -> bool:
    domain = narrow.rpartition("@")[2]
    if wide == narrow:
        return True
    if wide.startswith("@"):
        return "@" in narrow and domain == wide[1:]
    return wide.startswith(".") and domain.endswith(wide)


def _words_cover(wide: Words, narrow: Words | None) -> bool:
    if narrow is None:
        return False
    anys, alls = _spelled(wide.any), _spelled(wide.all)
    theirs, needed = _spelled(narrow.any), _spelled(narrow.all)
    if wide.regex and not (narrow.regex and set(narrow.regex) <= set(wide.regex)):
        return False

    def found(word: str) -> bool:
        return (bool(theirs) and all(word in one for one in theirs)) or any(word in one for one in needed)

    if not all(map(found, alls)):
        return False
    some = bool(theirs) and all(any(word in one for word in anys) for one in theirs)
    return not anys or some or any(word in one for one in needed for word in anys)


@functools.lru_cache(maxsize=4096)
def _spelled(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(spelled, words))


def _header_covers(
    wide: tuple[tuple[str, tuple[str, ...]], ...], narrow: tuple[tuple[str, tuple[str, ...]], ...]
) -> bool:
    theirs = dict(narrow)
    return all(
        name in theirs and ("*" in texts or all(any(a.lower() in b.lower() for a in texts) for b in theirs[name]))
        for name, texts in wide
    )


def _score_covers(wide: float, narrow: float | None) -> bool:
    return narrow is not None and wide <= narrow


def _days_cover(wide: float | None, narrow: float | None) -> bool:
    return wide is None or (narrow is not None and narrow <= wide)


_COVERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "sender": _addresses_cover,
    "recipient": _addresses_cover,
    "recipient_kind": _values_cover,
    "subject": _words_cover,
    "body_new": _words_cover,
    "header": _header_covers,
    "text": _values_cover,
    "min_score": _score_covers,
    "ats_status": _values_cover,
    "cue": _values_cover,
}
