"""What to change in one text part: the edits that put the block in, or take the placeholder out."""

from collections.abc import Callable

from gateway.letter import place, place_html, placeholder
from gateway.letter.block import Block
from gateway.letter.doubt import Doubt
from gateway.letter.leaf import Leaf
from gateway.letter.place_html import Page
from gateway.letter.placeholder import Mark
from gateway.letter.protect import refuse_inline_protection
from gateway.letter.splice import TextEdit
from rules.model import Place

_HTML_LINE_MAX = 900


def insert_block(leaf: Leaf, block: Block, where: Place = "before_signature") -> list[TextEdit]:
    """Return the edits that put ``block`` into the part once, at a placeholder or else ``where``.

    Raises Doubt when it must not be written to.
    """
    refuse_inline_protection(leaf.text, html=leaf.html)
    return _insert_html(leaf, block, where) if leaf.html else _insert_text(leaf, block, where)


def remove_placeholders(leaf: Leaf) -> list[TextEdit]:
    """Return the edits that take every placeholder out of the part; a line that held nothing else goes with it.

    Raises Doubt when it must not be written to.
    """
    refuse_inline_protection(leaf.text, html=leaf.html)
    text = leaf.text
    if leaf.html:
        return [TextEdit(mark.start, mark.end, mark.kept) for mark in placeholder.in_html(text, len(text))]
    joined: list[Mark] = []
    for mark in placeholder.in_text(text, len(text)):
        follows = joined and joined[-1].end == mark.start
        joined.append(Mark(joined.pop().start, mark.end) if follows else mark)
    return [_removal(text, mark) for mark in joined]


def _removal(text: str, mark: Mark) -> TextEdit:
    line_end = next((end for end in ("\r\n", "\n") if text.startswith(end, mark.end)), "")
    if _starts_line(text, mark.start):
        return TextEdit(mark.start, mark.end + len(line_end), "")
    spaced = text[mark.start].isspace() or text[mark.end - 1].isspace()
    return TextEdit(mark.start, mark.end, " " if spaced and not line_end and mark.end < len(text) else "")


def _insert_text(leaf: Leaf, block: Block, where: Place) -> list[TextEdit]:
    text, newline = leaf.text, leaf.newline
    found = place.cut(text)
    _refuse_second(place.new_text(text, found), block)
    body = newline.join(_stuffed(line) if leaf.flowed else line for line in block.text.splitlines())
    marks = placeholder.in_text(text, found.quote)
    if marks:
        return _at_marks(marks, lambda mark: _on_own_lines(text, mark, body, newline))
    at = place.insertion(text, place.placed(text, found, where))
    before, after = text[:at], text[at:]
    opening = "" if not before.strip() else newline if before.endswith("\n") else newline * 2
    if not after:
        closing = newline if before.endswith("\n") else ""
    else:
        closing = newline if after.startswith(("\r\n", "\n")) else newline * 2
    return [TextEdit(at, at, opening + body + closing)]


def _stuffed(line: str) -> str:
    """Guard a line of format=flowed text (RFC 3676 4.4); a trailing blank would join it to the next (4.1)."""
    line = line.rstrip(" ")
    return f" {line}" if line.startswith((" ", ">", "From ")) else line


def _insert_html(leaf: Leaf, block: Block, where: Place) -> list[TextEdit]:
    page = Page(leaf.text)
    found = place_html.cut(page)
    _refuse_second(leaf.text[: found.quote], block)
    # Character references are ASCII, so that the charset of the part does not matter.
    html = block.html.encode("ascii", "xmlcharrefreplace").decode("ascii")
    body = leaf.newline.join(("", *_short_lines(html), ""))
    marks = [mark for mark in placeholder.in_html(leaf.text, found.quote) if not page.is_unshown(mark.start)]
    if marks:
        return _at_marks(marks, lambda mark: body + mark.kept)
    at = place_html.insertion(page, place_html.placed(page, found, where))
    return [TextEdit(at, at, body)]


def _short_lines(html: str) -> list[str]:
    """Split lines that references made longer than mail allows (RFC 5322 2.1.1), inside a tag that shows nothing."""
    lines = []
    for line in html.split("\n"):
        rest = line
        while len(rest) > _HTML_LINE_MAX:
            cut = rest.rfind(";&#", 0, _HTML_LINE_MAX) + 1
            if cut <= 0:
                break
            lines.append(rest[:cut] + "<wbr")
            rest = ">" + rest[cut:]
        lines.append(rest)
    return lines


def _refuse_second(new_text: str, block: Block) -> None:
    """Known by its link, not by markup: programmes strip ids and comments, but people need the link to work."""
    if any(prefix in new_text for prefix in block.link_prefixes):
        raise Doubt("already carries one of our links")


def _starts_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _on_own_lines(text: str, mark: Mark, body: str, newline: str) -> str:
    opening = "" if _starts_line(text, mark.start) else newline
    at_end = mark.end == len(text) or text.startswith(("\r\n", "\n"), mark.end)
    return opening + body + ("" if at_end else newline)


def _at_marks(marks: list[Mark], text_for: Callable[[Mark], str]) -> list[TextEdit]:
    """The first placeholder becomes the block, any other one goes."""
    first, *others = marks
    edits = [TextEdit(first.start, first.end, text_for(first))]
    return edits + [TextEdit(mark.start, mark.end, mark.kept) for mark in others]
