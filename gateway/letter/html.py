"""HTML turned to the text a person sees, for judging only. One pass, linear in the length, no tree.

What is not shown is left out (comments, style, script, ``display:none``); what is quoted by a mail programme is marked
with ``> `` like in plain text, so that the rules tell new words from old.
"""

import re
from html import unescape

_UNSHOWN_PIECE = r"<(?:!--(?:-?>|.*?--!?>|.*)|(style|script|title|template|textarea|noframes|xml)\b(?:.*?</\1\s*>|.*))"
_TAG_PIECE = r"(/?)([a-z][a-z0-9:]*+)((?>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*))>"
_TOKEN = re.compile(rf"{_UNSHOWN_PIECE}|<{_TAG_PIECE}|<[!?][^<>]*+>", re.IGNORECASE | re.DOTALL)
_UNSHOWN = re.compile(_UNSHOWN_PIECE, re.IGNORECASE | re.DOTALL)
#: How all that is not shown begins: much faster to find than the whole of it.
_UNSHOWN_BEGINS = re.compile(
    r"<(?:!--|s(?:tyle|cript)|t(?:itle|e(?:mplate|xtarea))|noframes|xml)", re.IGNORECASE | re.ASCII
)
_TAG = re.compile(rf"{_TAG_PIECE}|[!?][^<>]*+>", re.IGNORECASE)
# Only what hides the element and all within it; ``font-size:0`` and ``mso-hide`` do not, and many layouts use them.
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:[;\"'!]|$)"
    r"|max-height\s*:\s*0(?:px)?\s*;.{0,200}overflow\s*:\s*hidden|overflow\s*:\s*hidden.{0,200}max-height\s*:\s*0(?:px)?\s*[;\"']",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN_ATTRIBUTE = re.compile(r"(?:^|\s)hidden(?:\s|=|/|$)", re.IGNORECASE)
_QUOTED_VALUE = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_QUOTE = re.compile(r"type\s*=\s*[\"']?cite|class\s*=\s*[\"']?[^\"'<>]{0,80}(?:_quote|\bquote|cite)", re.IGNORECASE)
_ALT = re.compile(r"\salt\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_BREAKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tr", "ul"),
    }
)
_CELLS = frozenset({"td", "th"})
_NESTED = frozenset({"pre", "blockquote"})
# These have no end tag, so that hiding one hides nothing else.
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track"),
        *("wbr"),
    }
)
# An end tag may be left out: the next of its kind ends the hidden one (HTML 13.1.2.4).
_ENDS_ITSELF = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option"})
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_ATTRIBUTE_CHARS_MAX = 8_192


def to_text(html: str) -> str:
    """Return the visible text of ``html``; lines end in a line feed, blank lines do not pile up."""
    plain = _plain_page(html)
    if plain is not None:
        return plain
    reader = _Reader(hide=True)
    text = reader.read(html)
    # A hidden element that never ends would hide the rest of the letter from the judges, but not from the reader.
    return _Reader(hide=False).read(html) if reader.hiding else text


def _hides(attributes: str) -> bool:
    attributes = attributes[:_ATTRIBUTE_CHARS_MAX]
    if "idden" in attributes and _HIDDEN_ATTRIBUTE.search(_QUOTED_VALUE.sub("", attributes)):
        return True
    return ":" in attributes and bool(_HIDDEN_STYLE.search(attributes))


_INLINE, _SPACED, _LINE, _BLOCK, _PARAGRAPH = "", " ", "br", "block", "p"
_BOTH = ("", "/")
# Tags as they mostly stand, without attributes; any other one is read by ``_read_tag``.
_MARKS = {
    **{slash + name: _INLINE for name in ("html", "head", "body", "tbody", "b", "i", "u", "a") for slash in _BOTH},
    **{slash + name: _INLINE for name in ("span", "font", "strong", "em", "small", "o:p") for slash in _BOTH},
    **{slash + name: _BLOCK for name in _BREAKS - {"p", *_NESTED} for slash in _BOTH},
    **{slash + name: _SPACED for name in _CELLS for slash in _BOTH},
    **{slash + "p": _PARAGRAPH for slash in _BOTH},
    **dict.fromkeys(("br", "/br", "br/", "br /", "BR"), _LINE),
    "!": _INLINE,
}


def _plain_page(html: str) -> str | None:
    """What ``_Reader`` finds, at a third of its cost; None for a page that hides, quotes or sets text as it stands."""
    shown = _UNSHOWN.sub("<!>", html) if holds_unshown(html) else html
    first, *pieces = _spaces_single(shown).split("<")
    lines: list[str] = []
    line = [_spaces_single(unescape(first))]
    for piece in pieces:
        tag, closed, text = piece.partition(">")
        mark = _MARKS.get(tag) if closed else None
        if mark is None:
            found = _read_tag(piece)
            if found is None:
                return None
            mark, text = found
        if "&" in text:
            text = _spaces_single(unescape(text))
        if mark is _INLINE:
            line.append(text)
        elif mark is _SPACED:
            line += (" ", text)
        else:
            ended = _line_of(line) if len(line) > 1 else line[0].strip()
            if ended or mark is _LINE:
                lines.append(ended)
            if mark is _PARAGRAPH and lines and lines[-1]:
                lines.append("")
            line = [text]
    lines.append(_line_of(line))
    return _joined(lines)


def holds_unshown(html: str) -> bool:
    """Can a page hold what is not shown?"""
    return _UNSHOWN_BEGINS.search(html) is not None


def _read_tag(piece: str) -> tuple[str, str] | None:
    """Return what the tag at the start of ``piece`` does and the text after it; None when ``_Reader`` must decide."""
    found = _TAG.match(piece)
    if found is None:
        return _INLINE, f"<{piece}"
    text = piece[found.end() :]
    if found[2] is None:
        return _INLINE, text
    slash, name, attributes = found[1], found[2].lower(), found[3]
    if name in _NESTED or (attributes and not slash and name not in _VOID and _hides(attributes)):
        return None
    if name == "img":
        alt = _ALT.search(attributes[:_ATTRIBUTE_CHARS_MAX])
        return _INLINE, f" {alt[1] or alt[2] or alt[3] or ''} {text}" if alt else text
    return _MARKS.get(slash + name, _INLINE), text


def _joined(lines: list[str]) -> str:
    """Join the lines of a page, of which blank ones do not pile up."""
    text = "\n".join(lines)
    return (_BLANK_LINES.sub("\n\n", text) if "\n\n\n" in text else text).strip("\n")


def _line_of(pieces: list[str]) -> str:
    """Join the pieces of a line, in each of which spaces are single."""
    line = "".join(pieces).strip()
    return _spaces_single(line) if "  " in line else line


def _spaces_single(text: str) -> str:
    """White space as a browser collapses it; a few plain replacements are faster than an expression."""
    for space in "\r\n\t\f":
        if space in text:
            text = text.replace(space, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


class _Reader:
    def __init__(self, *, hide: bool) -> None:
        self._hide = hide
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []
        self._hidden_tag = ""
        self._hidden_depth = 0
        self._pre = 0

    @property
    def hiding(self) -> bool:
        """Whether a hidden element is still open."""
        return bool(self._hidden_tag)

    def read(self, html: str) -> str:
        position = 0
        for found in _TOKEN.finditer(html):
            if found.start() > position and not self._hidden_tag:
                self._text(html[position : found.start()])
            position = found.end()
            if found[3]:
                self._tag(found[3].lower(), closing=bool(found[2]), attributes=found[4])
        if not self._hidden_tag:
            self._text(html[position:])
        self._break()
        return _joined(self._lines)

    def _text(self, text: str) -> None:
        if "&" in text:
            text = unescape(text)
        if self._pre:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self._line.append(first)
            for line in rest:
                self._break()
                self._line.append(line)
        else:
            self._line.append(_SPACE.sub(" ", text))

    def _break(self) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._pre else _SPACE.sub(" ", line).strip()
        depth = sum(self._quotes)
        self._lines.append(f"{'>' * depth} {line}".rstrip() if depth else line)
        self._line.clear()

    def _tag(self, name: str, *, closing: bool, attributes: str) -> None:
        if self._hidden_tag:
            self._inside_hidden(name, closing=closing, attributes=attributes)
            return
        if self._hide and attributes and not closing and name not in _VOID and _hides(attributes):
            self._hidden_tag, self._hidden_depth = name, 1
            return
        if name == "br":
            self._break()
        elif name in _BREAKS:
            if "".join(self._line).strip():
                self._break()
            self._line.clear()
            self._block(name, closing=closing, attributes=attributes)
        elif name in _CELLS:
            self._line.append(" ")
        elif name == "img":
            alt = _ALT.search(attributes[:_ATTRIBUTE_CHARS_MAX])
            if alt:
                self._text(f" {alt[1] or alt[2] or alt[3] or ''} ")

    def _block(self, name: str, *, closing: bool, attributes: str) -> None:
        if name == "p" and self._lines and self._lines[-1]:
            self._break()
        if name == "pre":
            self._pre = max(0, self._pre + (-1 if closing else 1))
        elif name == "blockquote":
            if not closing:
                self._quotes.append(bool(_QUOTE.search(attributes[:_ATTRIBUTE_CHARS_MAX])))
            elif self._quotes:
                self._quotes.pop()

    def _inside_hidden(self, name: str, *, closing: bool, attributes: str) -> None:
        if name != self._hidden_tag:
            return
        if closing:
            self._hidden_depth -= 1
            if self._hidden_depth == 0:
                self._hidden_tag = ""
        elif name in _ENDS_ITSELF:
            self._hidden_tag = ""
            self._tag(name, closing=False, attributes=attributes)
        else:
            self._hidden_depth += 1
