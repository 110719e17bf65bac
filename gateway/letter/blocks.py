"""The texts of the block: shipped ones in ``blocks/*.toml``, a company's own in the same form.

A block is incidental to the notice it stands in (Act on Regulation of Transmission of Specified Electronic Mail,
enforcement regulation 6 no. 3), hence the limits; and it must be readable wherever the notice is, hence the charsets.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import NamedTuple

from core.errors import ConfigError
from core.lang import Lang, lang_of
from gateway.letter import charset
from gateway.letter.block import Block
from rules.toml_lines import find_lines, line_of

DEFAULT_TONE = "polite"
CHARACTERS_MAX = 300
SENTENCES_MAX = 3
LINK_CHARACTERS_MAX = 500

_NAMES = frozenset({"agency", "licence_no", "expires_on"})
_KEYS = frozenset({"lang", "tone", "sentences", "relay_label", "optout_label"})
_TONE = re.compile(r"[a-z][a-z_]{0,19}\Z")
#: What a text must be writable in, under the names that mails have for it. A Japanese text cannot be ASCII.
_CHARSETS = (
    ("ISO-2022-JP", charset.ISO_2022_JP),
    ("windows-31j", charset.SHIFT_JIS),
    ("EUC-JP", charset.EUC_JP),
)
_CHARSETS_EN = (("US-ASCII", charset.ASCII),)  # which every other one contains
_FILL = re.compile(r"\{([a-z_]*)\}")
_SENTENCE_END = re.compile(r"[。！？]|[.!?](?=\s|$)")
_LINK = re.compile(r"https?://[!#-;=?-~]+")  # no space, quote or angle bracket; nothing outside ASCII
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
# Nominal values: a name as long as agencies' names get.
_SAMPLE = {"agency": "あ" * 30, "licence_no": "13-ユ-000000", "expires_on": "2027年12月31日"}


@dataclass(frozen=True, slots=True)
class BlockTemplate:
    """A block before its values ``{agency}``, ``{licence_no}`` and ``{expires_on}`` are filled in."""

    lang: Lang
    tone: str
    sentences: tuple[str, ...]
    relay_label: str
    optout_label: str

    @property
    def lines(self) -> tuple[str, ...]:
        return (*self.sentences, self.relay_label, self.optout_label)


def block(
    lang: Lang,
    tone: str,
    *,
    agency: str,
    licence_no: str,
    relay_url: str,
    optout_url: str,
    expires_on: date,
    own: Mapping[tuple[str, str], BlockTemplate] | None = None,
) -> Block:
    """Return the block in ``lang``: the company's ``own`` of that tone, else the shipped one, else the polite one.

    Raises:
        ConfigError: a value that would break the mail, or makes the block longer than it may be.
    """
    template = (own or {}).get((lang, tone)) or _shipped().get((lang, tone)) or _shipped()[lang, DEFAULT_TONE]
    values = {"agency": agency, "licence_no": licence_no, "expires_on": _day(expires_on, lang)}
    return fill(template, values, relay_url=relay_url, optout_url=optout_url)


def shipped() -> tuple[BlockTemplate, ...]:
    """Return every text that comes with the product."""
    return tuple(_shipped().values())


def fill(template: BlockTemplate, values: Mapping[str, str], *, relay_url: str, optout_url: str) -> Block:
    """Return the block with its values and links; raises ConfigError like ``block``."""
    filled = _filled_in(template, tuple(values.items()))
    for link in (relay_url, optout_url):
        if len(link) > LINK_CHARACTERS_MAX or not _LINK.fullmatch(link):
            raise ConfigError("block: a link is no plain web address")
    text = f"{filled.text}\n{relay_url}\n{filled.optout}\n{optout_url}"
    relay_html, optout_html = filled.relay_html, filled.optout_html
    # Line breaks and a span may stand wherever text may: in a paragraph, a table cell or the body itself.
    html = (
        f'{filled.html}<a href="{escape(relay_url)}">{relay_html}</a><br>\n'
        f'<a href="{escape(optout_url)}">{optout_html}</a></span><br>'
    )
    return Block(text, html, (relay_url, optout_url))


class _Filled(NamedTuple):
    """A block but for its links: what stands before the first one and the labels, in both forms."""

    text: str
    optout: str
    html: str
    relay_html: str
    optout_html: str


# Only the links differ from mail to mail; an agency's block with its date is the same for a day.
@lru_cache(maxsize=512)
def _filled_in(template: BlockTemplate, named: tuple[tuple[str, str], ...]) -> _Filled:
    values = dict(named)
    for name, value in named:
        if not value.strip() or _unsafe(value):
            raise ConfigError(f"block: {name} is empty or holds a line end or control character")
    sentences = [_filled(sentence, values) for sentence in template.sentences]
    relay, optout = _filled(template.relay_label, values), _filled(template.optout_label, values)
    length = sum(map(len, (*sentences, relay, optout)))
    if length > CHARACTERS_MAX:
        raise ConfigError(f"block: {length} characters without links, at most {CHARACTERS_MAX} are allowed")
    html = f'<br><span lang="{template.lang}">' + "".join(f"{_as_html(sentence)}<br>\n" for sentence in sentences)
    return _Filled("\n".join((*sentences, relay)), optout, html, _as_html(relay), _as_html(optout))


def _as_html(text: str) -> str:
    """ASCII with character references: it reads the same in a page of any charset."""
    return escape(text).encode("ascii", "xmlcharrefreplace").decode("ascii")


def load(text: str, file: str) -> BlockTemplate:
    """Read a template from TOML; raises ConfigError naming ``file``, line and what to do, every problem at once."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from None
    lines = find_lines(text)
    wrong = [f"{line_of(lines, (key,))}: {problem}" for key, problem in _form_problems(found)]
    if wrong:
        raise ConfigError(*(f"{file}:{problem}" for problem in wrong))
    template = BlockTemplate(
        lang=lang_of(found["lang"]),
        tone=found["tone"],
        sentences=tuple(found["sentences"]),
        relay_label=found["relay_label"],
        optout_label=found["optout_label"],
    )
    problems = check(template)
    if problems:
        raise ConfigError(*(f"{file}:{line_of(lines, ('sentences',))}: {problem}" for problem in problems))
    return template


def _form_problems(found: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the form of a file: the key, and what to do."""
    for key in sorted(found.keys() - _KEYS):
        yield key, f"unknown key {key!r}; known are {', '.join(sorted(_KEYS))}"
    if found.get("lang") not in ("ja", "en"):
        yield "lang", 'write lang = "ja" or lang = "en"'
    tone = found.get("tone")
    if not isinstance(tone, str) or not _TONE.match(tone):
        yield "tone", "tone is a word of a-z and _, at most 20 letters, such as polite"
    sentences = found.get("sentences")
    if not isinstance(sentences, list) or not all(isinstance(one, str) for one in sentences):
        yield "sentences", "sentences is a list of texts"
    for key in ("relay_label", "optout_label"):
        if not isinstance(found.get(key), str):
            yield key, f"{key} is a text"


def check(template: BlockTemplate) -> tuple[str, ...]:
    """Return what is wrong with a text, one clear line each; empty when mails may carry it."""
    problems = []
    joined = "\n".join(template.lines)
    named = set(_FILL.findall(joined))
    if not template.sentences or not all(line.strip() for line in template.lines):
        problems.append("a sentence or label is empty")
    if any(_unsafe(line) for line in template.lines):
        problems.append("a line end or control character inside a sentence or label")
    problems += [f"unknown {{{name}}}; known are {', '.join(sorted(_NAMES))}" for name in sorted(named - _NAMES)]
    problems += [f"{{{name}}} is missing" for name in sorted(_NAMES - named)]
    if re.search(r"https?:|www\.|[<>]", joined):
        problems.append("links and tags are added by the gateway, not by the text")
    sentences = sum(len(_SENTENCE_END.findall(sentence)) or 1 for sentence in template.sentences)
    if sentences > SENTENCES_MAX:
        problems.append(f"{sentences} sentences, at most {SENTENCES_MAX} are allowed")
    length = sum(len(_filled(line, _SAMPLE)) for line in template.lines)
    if length > CHARACTERS_MAX:
        problems.append(f"{length} characters with a name of usual length, at most {CHARACTERS_MAX} are allowed")
    for name, charset_ in _CHARSETS_EN if template.lang == "en" else _CHARSETS:
        strange = sorted({letter for letter in joined if charset.encode(letter, charset_) is None})
        if strange:
            problems.append(f"not in {name}: {' '.join(strange)}; write them with other characters")
    return tuple(problems)


def _filled(line: str, values: Mapping[str, str]) -> str:
    return _FILL.sub(lambda found: values.get(found[1], found[0]), line)


def _unsafe(value: str) -> bool:
    """Whether the value holds a control, format or line-separating character: it could make lines or hide text."""
    return any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in value)


def _day(day: date, lang: Lang) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if lang == "ja" else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


@lru_cache(maxsize=1)
def _shipped() -> dict[tuple[str, str], BlockTemplate]:
    found: dict[tuple[str, str], BlockTemplate] = {}
    for file in sorted((files("gateway") / "blocks").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            template = load(file.read_text(encoding="utf-8"), file.name)
            found[template.lang, template.tone] = template
    return found
