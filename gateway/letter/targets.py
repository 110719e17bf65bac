"""Which parts of a mail are its text: those that a reader shows as the letter, in each of its forms."""

from gateway.letter.doubt import Doubt
from gateway.letter.parse import Parsed, Part

TEXT_KINDS = frozenset({"text/plain", "text/html"})


def targets(parsed: Parsed) -> tuple[Part, ...]:
    """Return the parts to write into: of alternatives every form, else the first text. Raises Doubt when there is none.

    Files, named parts and forwarded mail are never among them.
    """
    found = _of(parsed.root)
    if not found:
        raise Doubt("no text part")
    return found


def _of(part: Part) -> tuple[Part, ...]:
    if part.attached:
        return ()
    if part.kind in TEXT_KINDS:
        return (part,)
    if part.kind == "multipart/alternative":
        return _alternatives(part)
    if part.kind == "multipart/related":
        return _of(_related_root(part)) if part.children else ()
    if part.kind == "multipart/mixed":
        return next(filter(None, map(_of, part.children)), ())
    return ()


def _alternatives(part: Part) -> tuple[Part, ...]:
    found: tuple[Part, ...] = ()
    for child in part.children:
        if child.kind in TEXT_KINDS and child.attached:
            # One form would get the block and the other not.
            raise Doubt("one of the alternatives is a file")
        found += _of(child)
    return found


def _related_root(part: Part) -> Part:
    """The part that ``start`` names, else the first (RFC 2387 3.2)."""
    start = part.type.get("start").strip(b"<> ")
    if start:
        for child in part.children:
            if child.content_id == start:
                return child
        raise Doubt("related without its root part")
    return part.children[0]


def readable_texts(parsed: Parsed) -> tuple[list[Part], list[Part]]:
    """Return the parts that a person may read, for judging: the text in its plainest form, and all HTML.

    Wider than ``targets``: whatever is shown as text, in order, wherever it stands.
    """
    plainest: list[Part] = []
    html: list[Part] = []
    _collect(parsed.root, plainest, html)
    return plainest, html


def _collect(part: Part, plainest: list[Part], html: list[Part]) -> None:
    if part.kind in TEXT_KINDS:
        if not part.attached:
            plainest.append(part)
            if part.kind == "text/html":
                html.append(part)
        return
    forms: list[Part] = []
    for child in part.children:
        _collect(child, forms, html)
    if part.kind == "multipart/alternative" and any(form.kind == "text/plain" for form in forms):
        forms = [form for form in forms if form.kind == "text/plain"]
    plainest += forms
