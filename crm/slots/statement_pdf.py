"""A statement on paper: A4, one column, the same bytes for the same statement.

The font is a CID font that every reader of Japanese PDF has (decisions 33), so none is embedded.
"""

from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from core.lang import Lang
from crm import wording
from crm.slots import statement_words
from crm.slots.statement_words import Item
from crm.slots.statements import SlotLine, Statement

FONT = "HeiseiKakuGo-W5"
_BRAND, _INK, _SOFT = colors.HexColor("#0d655f"), colors.HexColor("#1c2b2a"), colors.HexColor("#5b6b69")
_RULE, _TINT = colors.HexColor("#c9d4d2"), colors.HexColor("#eef5f4")
_MARGIN = 20 * mm
_PADDING = 6  # what reportlab's frame leaves on each side
_WIDTH = A4[0] - 2 * _MARGIN - 2 * _PADDING
_GAP = 8 * mm
_COLUMN = (_WIDTH - _GAP) / 2


def render(one: Statement, lang: Lang) -> bytes:
    """The statement as a PDF file."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    title = f"{statement_words.word('title', lang)} {statement_words.month_words(one, lang)}"
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"{title} {one.company} / {one.agency}",
        author="CareerRelay",
        lang=lang,
        invariant=1,  # no time of making and no random id: the same statement is the same file
    )
    document.build(_story(one, lang), onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _story(one: Statement, lang: Lang) -> list[Flowable]:
    head = statement_words.word
    days = f"{wording.day(one.first_day, lang)} - {wording.day(one.last_day, lang)}"
    items = [item for item in statement_words.parties(one, lang) if item.key not in ("first_day", "last_day")]
    columns = [
        [_heading(head(name, lang)), _numbers(numbers(one, lang))]
        for name, numbers in (("credits", statement_words.credits), ("slots", statement_words.slots))
    ]
    proof = [(item.label, _broken(item)) for item in statement_words.proof(one, lang)]
    return [
        Paragraph(escape(head("title", lang)), _style(17, _BRAND, after=1)),
        Paragraph(escape(statement_words.month_words(one, lang)), _style(13, _INK)),
        Paragraph(escape(days), _style(9, _SOFT, after=3)),
        _facts([(item.label, _shown(item)) for item in items]),
        Table([columns], colWidths=(_COLUMN + _GAP, _COLUMN), style=TableStyle(_BARE)),
        _heading(head("slot_list", lang)),
        _slots(one.slots, lang),
        KeepTogether(
            [
                _heading(head("proof", lang)),
                _facts(proof),
                Spacer(1, 3 * mm),
                Paragraph(escape(head("proof_words", lang)), _style(8.5, _SOFT)),
                Paragraph(escape(head("no_person", lang)), _style(8.5, _SOFT)),
            ]
        ),
    ]


def _numbers(items: list[Item]) -> Table:
    """Labels with their numbers at the right; what goes off has its sign, and the balances stand out."""
    rows = [(item.label, f"{_signed(item):,}") for item in items]
    table = Table(rows, colWidths=(_COLUMN - 18 * mm, 18 * mm), hAlign="LEFT")
    strong = [
        ("BACKGROUND", (0, row), (-1, row), _TINT)
        for row, item in enumerate(items)
        if item.key in ("opening", "closing", "slots_free")
    ]
    table.setStyle(TableStyle([*_LINES, ("ALIGN", (1, 0), (1, -1), "RIGHT"), *strong]))
    return table


def _signed(item: Item) -> int:
    return -int(item.value) if item.key in ("reversed", "moved_to_slots") else int(item.value)


def _slots(lines: tuple[SlotLine, ...], lang: Lang) -> Flowable:
    if not lines:
        return Paragraph(escape(statement_words.word("none", lang)), _style(9.5, _SOFT))
    heads = [statement_words.word(key, lang) for key in ("need", "state", "reserved_on", "settled_on")]
    body = [
        (
            Paragraph(escape(one.need), _style(9.5, _INK)),
            statement_words.state_word(one.state, lang),
            wording.day(one.reserved_on, lang),
            wording.day(one.settled_on, lang) if one.settled_on else "",
        )
        for one in lines
    ]
    widths = (_WIDTH - 22 * mm - 80 * mm, 22 * mm, 40 * mm, 40 * mm)
    table = Table([tuple(heads), *body], colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(TableStyle([*_LINES, ("TEXTCOLOR", (0, 0), (-1, 0), _SOFT), ("FONTSIZE", (0, 0), (-1, 0), 8.5)]))
    return table


def _facts(rows: list[tuple[str, Flowable]]) -> Table:
    table = Table(rows, colWidths=(42 * mm, _WIDTH - 42 * mm), hAlign="LEFT")
    table.setStyle(TableStyle([*_LINES, ("TEXTCOLOR", (0, 0), (0, -1), _SOFT)]))
    return table


def _shown(item: Item) -> Paragraph:
    return Paragraph(escape(str(item.value)), _style(9.5, _INK))


def _broken(item: Item) -> Paragraph:
    """Hashes in letters of one width, in groups that a person can compare."""
    text = str(item.value)
    grouped = " ".join(text[at : at + 8] for at in range(0, len(text), 8)) if len(text) >= 64 else text
    return Paragraph(
        escape(grouped), ParagraphStyle("hash", fontName="Courier", fontSize=8, leading=11, textColor=_INK)
    )


def _heading(words: str) -> Paragraph:
    return Paragraph(escape(words), _style(11.5, _BRAND, after=2, before=5))


def _style(size: float, color: colors.Color, *, after: float = 0, before: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.4,
        textColor=color,
        spaceBefore=before * mm,
        spaceAfter=after * mm,
        wordWrap="CJK",
    )


def _foot(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont(FONT, 8)
    canvas.setFillColor(_SOFT)
    canvas.drawString(_MARGIN + _PADDING, 10 * mm, "CareerRelay")
    canvas.drawRightString(A4[0] - _MARGIN - _PADDING, 10 * mm, str(document.page))


_LINES = [
    ("FONT", (0, 0), (-1, -1), FONT, 9.5),
    ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
]
_BARE = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 5 * mm),
]
