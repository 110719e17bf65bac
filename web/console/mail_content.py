"""What is inside a kept mail, for the eyes of those who handle mail: never trusted, never with a working token."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import nh3

from core.settings import Settings
from gateway.judgement.judge import limits
from gateway.letter import charset, transfer
from gateway.letter.doubt import Malformed
from gateway.letter.envelope import Envelope
from gateway.letter.parse import Parsed, parse
from gateway.letter.read import read_mail
from gateway.letter.targets import readable_texts

DIFF_LINES_MAX = 400
DIFF_CONTEXT_LINES = 3
_TOKEN = re.compile(r"(/(?:r|u)/)[A-Za-z0-9_-]{16,64}")
# Layout of ordinary letters; what could fetch, run or submit something is not among it.
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "center", "code", "col", "colgroup", "dd", "div", "dl", "dt",
    "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small",
    "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "align", "bgcolor", "color", "colspan", "dir", "height", "lang", "rowspan", "style", "valign", "width",
}  # fmt: skip
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-left", "border-right",
    "border-top", "color", "font-family", "font-size", "font-style", "font-weight", "height",
    "letter-spacing", "line-height", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
    "max-width", "min-width", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top",
    "text-align", "text-decoration", "vertical-align", "white-space", "width", "word-break",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """``text`` is the letter as words; ``html`` its HTML form as it came, empty when there is none."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: ``kind`` is "+", "-" or " "."""

    kind: str
    text: str


def read(raw: bytes, settings: Settings) -> Content:
    """Read a mail for showing; what cannot be cut into parts is shown as its bytes read."""
    try:
        parsed = parse(raw, limits(settings))
    except Malformed:
        return Content("", charset.read_loosely(raw[: settings.judge.text_bytes_max], ""), "")
    seen = read_mail(parsed, Envelope("", ()), frozenset(), "", already_processed=False)
    return Content(without_tokens(seen.subject), without_tokens(seen.text), without_tokens(_html(parsed)))


def judged_text(raw: bytes, settings: Settings) -> str:
    """The text that the offsets of a decision point into, with the tokens in it; empty when the mail cannot be read."""
    try:
        return read_mail(parse(raw, limits(settings)), Envelope("", ()), frozenset(), "", already_processed=False).text
    except Malformed:
        return ""


def without_tokens(text: str) -> str:
    """Hide the token of our links: it belongs to the candidate, and whoever holds it can answer for them."""
    return _TOKEN.sub(r"\1••••••", text)


def document(content: Content) -> str:
    """A page for the sandboxed frame: the cleaned HTML form, else the text."""
    if content.html:
        body = nh3.clean(
            content.html,
            tags=_TAGS,
            attributes={"*": _ATTRIBUTES},
            filter_style_properties=_STYLES,
            link_rel=None,
        )
    else:
        body = f'<pre style="white-space: pre-wrap; font: inherit">{escape(content.text)}</pre>'
    style = "margin: 1rem; font: 16px/1.7 sans-serif; overflow-wrap: anywhere; color: #16242e; background-color: #fff"
    return f'<!doctype html><meta charset="utf-8"><title>mail</title><body style="{style}">{body}</body>'


def difference(before: Content, after: Content) -> list[Line]:
    """The words of both, line by line, with a little of what stands around; at most `DIFF_LINES_MAX` lines."""
    found: list[Line] = []
    compared = difflib.unified_diff(_lines(before), _lines(after), n=DIFF_CONTEXT_LINES, lineterm="")
    for number, line in enumerate(compared):
        if number >= DIFF_LINES_MAX:
            break
        if number < 2 or line.startswith("@@"):
            continue
        found.append(Line(line[0], line[1:]))
    return found


def _lines(content: Content) -> Sequence[str]:
    return content.text.replace("\r\n", "\n").split("\n")


def _html(parsed: Parsed) -> str:
    _, pages = readable_texts(parsed)
    part = next((one for one in pages if one.kind == "text/html"), None)
    if part is None:
        return ""
    octets = transfer.read_loosely(parsed.raw[part.body : part.end], part.encoding)[: parsed.limits.text_bytes_max]
    return charset.read_loosely(octets, part.type.text("charset"))
