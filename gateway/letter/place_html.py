"""The place for the block in HTML, found without building a tree: the octets of the page stay as they are.

Tags become spaces and line ends of the same length, so that ``place`` can read the letter's lines and every offset
stays true. Marks that mail programmes leave around signatures and quotes are looked for first.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from gateway.letter import place
from gateway.letter.doubt import Doubt
from gateway.letter.html import holds_unshown
from gateway.letter.place import Cut
from rules.model import Place

# Comments as HTML 13.2.5.43 ends them, and elements whose content is not shown.
_UNSHOWN = re.compile(
    r"<(?:!--(?:-?>|.*?--!?>|.*)|(style|script|title|template|textarea)\b(?:.*?</\1\s*>|.*))",
    re.IGNORECASE | re.DOTALL,
)
_TAG_NAME = re.compile(r"/?([a-z][a-z0-9]*+).|[!?].", re.IGNORECASE | re.DOTALL)
_BREAKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol"),
        *("p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)

# Lower-case pieces of tags, searched as they are: one expression for all of them is ten times slower.
_QUOTE_MARKS = (
    *("gmail_quote", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "zmail_extra", "tutanota_quote"),
    *(
        "divrplyfwdmsg",
        "appendonsend",
        "stopspelling",
        "mail-editor-reference-message-container",
        "olk_src_body_section",
    ),
    *('type="cite', "type='cite", "type=cite", "border:none;border-top:solid", "border: none; border-top: solid"),
)
_SIGNATURE_MARKS = (
    *("gmail_signature", "moz-signature", "protonmail_signature", "applemailsignature", "ms-outlook-mobile-signature"),
    *('class="signature"', "class='signature'", "class=signature ", "class=signature>"),
    *('id="signature"', "id='signature'", "id=signature ", "id=signature>", 'id="x_signature"'),
)
_BODY = re.compile(r"<body\b[^<>]*+>")
_END = re.compile(r"</(?:body|html)\b")
_QUOTE_END = re.compile(r"</blockquote\s*>")
_CAPITALS = re.compile(r"[A-Z]+")
_CLOSERS = re.compile(
    r"(?>(?:\s*+(?:<o:p>|</(?:a|b|i|u|s|strong|em|span|font|small|big|code|tt|sub|sup|o:p)\s*>))*)"
    r"(?>(?:\s*+</(?:p|div|h[1-6]|center|section|pre)\s*>)?)",
    re.IGNORECASE,
)
_IN_TABLE = re.compile(r"\s*+</?(?:td|th|tr|tbody|thead|tfoot|li|col|caption)\b", re.IGNORECASE)
_CLOSED = re.compile(r"-[-!]?>\Z|</(?:style|script|title|template|textarea)\s*>\Z", re.IGNORECASE)
_TAG_OPEN = re.compile(r"<[a-z/!?]", re.IGNORECASE)
_TAG_CHARS_MAX = 4_000


def _blank(tag: str) -> str:
    """What the mask shows for ``<tag>``: as many spaces, the last one a line end where the tag ends a line."""
    found = _TAG_NAME.match(f"{tag}>")
    if found is None:
        return f"<{tag}>"
    ends_line = found[1] is not None and found[1].lower() in _BREAKS
    return " " * (len(tag) + 1) + ("\n" if ends_line else " ")


_TAG = re.compile(r"<([^<>]*)>")
#: Tags as they mostly stand, without attributes.
_BLANKS = {
    slash + name: _blank(slash + name)
    for name in (*_BREAKS, "a", "b", "font", "head", "i", "o:p", "span", "strong", "u")
    for slash in ("", "/")
}


class Page:
    """An HTML text with its mask and the ranges that no reader shows."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._unshown: list[tuple[int, int]] = []
        self._open = False
        lower = text.lower()
        # A few letters grow when made small, and offsets would no longer fit.
        fits = len(lower) == len(text)
        self.lower = lower if fits else _CAPITALS.sub(lambda found: found[0].lower(), text)
        self.mask = self._masked()
        body = _BODY.search(self.lower)
        self.start = body.end() if body and not self.is_unshown(body.start()) else 0
        self.end = self._last_end()

    def _masked(self) -> str:
        mask = _UNSHOWN.sub(self._hide, self.text) if holds_unshown(self.text) else self.text
        if "<pre" not in self.lower:
            mask = mask.replace("\r", " ").replace("\n", " ")
        if "&" in mask:
            mask = mask.replace("&nbsp;", " " * len("&nbsp;")).replace("&#160;", " " * len("&#160;"))
        pieces = _TAG.split(mask)  # text, tag, text …
        pieces[1::2] = [_BLANKS.get(tag) or _blank(tag) for tag in pieces[1::2]]
        return "".join(pieces)

    def _hide(self, found: re.Match[str]) -> str:
        self._unshown.append(found.span())
        self._open = found.end() == len(self.text) and not _CLOSED.search(found[0])
        # Still a tag, so that what stands around it does not become one; like any tag it is blanked in the end.
        return "<!" + " " * (found.end() - found.start() - 3) + ">"

    def _last_end(self) -> int:
        """The last ``</body``, else the last ``</html``, else the end of the text."""
        for tag in ("</body", "</html"):
            end = self.lower.rfind(tag, self.start)
            while end >= 0:
                if _END.match(self.lower, end) and not self.is_unshown(end):
                    return end
                end = self.lower.rfind(tag, self.start, end)
        return len(self.text)

    def is_unshown(self, position: int) -> bool:
        """Whether ``position`` lies in a comment, style or script, or after one that never ends."""
        if self._open and position == len(self.text):
            return True
        index = bisect_right(self._unshown, (position, len(self.text))) - 1
        return index >= 0 and position < self._unshown[index][1]

    def first_tag(self, marks: Sequence[str], start: int, end: int) -> int:
        """Return the start of the first shown tag that holds one of ``marks``, -1 without one."""
        first = -1
        if "=" not in self.lower:
            return first  # no tag has an attribute
        for mark in marks:
            at = self.lower.find(mark, start, end)
            while at >= 0:
                tag = self.text.rfind("<", max(start, at - _TAG_CHARS_MAX), at)
                if tag >= 0 and ">" not in self.text[tag:at] and not self.is_unshown(tag):
                    first = end = tag
                    break
                at = self.lower.find(mark, at + 1, end)
        return first

    def shown(self, start: int, end: int) -> str:
        """The visible characters between two offsets, without surrounding space."""
        return self.mask[start:end].strip()


def cut(page: Page) -> Cut:
    """Find where the new text of the page ends: ``end`` is a tag's or line's start, ``quote`` as in ``place.cut``."""
    letter = place.cut(page.mask[page.start : page.end])
    quote, end = page.start + letter.quote, page.start + letter.end
    mark = page.first_tag(_QUOTE_MARKS, page.start, page.end)
    if 0 <= mark < quote and _is_last(page, mark):
        quote = mark
        end = min(end, page.start + place.cut(page.mask[page.start : mark]).end)
    signature = page.first_tag(_SIGNATURE_MARKS, page.start, quote)
    if signature >= 0 and page.shown(page.start, signature):
        end = min(end, signature)
    return Cut(end, quote)


def placed(page: Page, found: Cut, where: Place) -> Cut:
    """Return the cut before which a block belongs that a rule wants ``where``."""
    match where:
        case "before_signature":
            return found
        case "after_new_text":
            return Cut(found.quote, found.quote)
        case "end":
            return Cut(page.end, page.end)


def _is_last(page: Page, mark: int) -> bool:
    """Whether nothing new stands below the quote (a reply written below it is new text)."""
    closings = [found.end() for found in _QUOTE_END.finditer(page.lower, mark, page.end)]
    if not closings:
        return True
    signature = page.first_tag(_SIGNATURE_MARKS, closings[-1], page.end)
    return not page.shown(closings[-1], signature if signature >= 0 else page.end)


def insertion(page: Page, found: Cut) -> int:
    """Return the character before which the block goes; raises Doubt where HTML allows no text."""
    if found.end >= page.end:
        at = page.end
    else:
        content = len(page.mask[: found.end].rstrip())
        at = _after(page, content) if content > page.start else found.end
    floor = max(0, at - _TAG_CHARS_MAX)
    opened = page.text.rfind("<", floor, at)
    if opened > page.text.rfind(">", floor, at) and _TAG_OPEN.match(page.text, opened):
        raise Doubt("html: place for the block is inside a tag")
    if page.is_unshown(at) or (at == found.end < page.end and _IN_TABLE.match(page.text, at)):
        raise Doubt("html: no place for the block")
    return at


def _after(page: Page, content: int) -> int:
    found = _CLOSERS.match(page.text, content)
    return found.end() if found else content
