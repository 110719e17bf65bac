"""The files that go with a profile: JSON for programs, CSV that Excel opens, and a Japanese PDF to print or file."""

import json
import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from core.lang import Lang
from core.outbox import Attachment
from crm import wording
from crm.profile.choices import ITEMS, label
from crm.profile.forms import PROFILE_ITEMS
from crm.profile.profile_sheet import ProfileSheet
from ledger.csvfile import BOM, cell

FONT = "HeiseiKakuGo-W5"
_ASCII = re.compile(r"[\x20-\x7e]+")
# Outside the first plane of Unicode the font has nothing to show (Adobe-Japan1 by UniJIS-UCS2-H).
_NOT_IN_FONT = re.compile(r"[^\t\n\x20-\ud7ff\uf900-\ufffd]")


def files(sheet: ProfileSheet) -> tuple[Attachment, ...]:
    """Return what is attached to the mail: PDF to read, CSV and JSON to import."""
    return (
        Attachment(f"{sheet.pseudonym}.pdf", "application/pdf", pdf(sheet)),
        Attachment(f"{sheet.pseudonym}.csv", "text/csv", csv([sheet], sheet.lang)),
        Attachment(f"{sheet.pseudonym}.json", "application/json", as_json(sheet)),
    )


def as_json(sheet: ProfileSheet) -> bytes:
    """Return the JSON Resume subset as it stands in the provision record's hash (`provisions.payload_sha256`)."""
    return json.dumps(sheet.profile, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def csv(sheets: Iterable[ProfileSheet], lang: Lang) -> bytes:
    """Return one row a profile, UTF-8 with the mark that Excel wants (RFC 4180); no cell can be a formula."""
    fixed = _words(lang)["columns"]
    rows = [(*fixed[:3], *(label(ITEMS, item, lang) for item in PROFILE_ITEMS), *fixed[3:])]
    rows += [
        (
            sheet.pseudonym,
            wording.moment(sheet.shared_at, lang),
            sheet.company,
            *(sheet.values.get(item, "") for item in PROFILE_ITEMS),
            sheet.consent_id,
            sheet.expires_on.isoformat(),
        )
        for sheet in sheets
    ]
    return BOM + "".join(",".join(map(cell, row)) + "\r\n" for row in rows).encode()


def pdf(sheet: ProfileSheet) -> bytes:
    """Return a page or two of A4 with text that can be searched; the same bytes for the same sheet."""
    from reportlab.lib.pagesizes import A4  # the mail path imports this floor, and draws nothing
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import SimpleDocTemplate

    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    words, out = _words(sheet.lang), BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"{words['title']} {sheet.pseudonym}",
        author="CareerRelay",
        lang=sheet.lang,
        invariant=1,
    )
    document.build(_story(sheet, words, document.width))
    return out.getvalue()


def _story(sheet: ProfileSheet, words: dict[str, Any], width: float) -> list[Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import HRFlowable, Paragraph, Spacer, Table, TableStyle

    ink, soft, line, brand = (HexColor(code) for code in ("#16242e", "#4a5b68", "#d9e1e4", "#0d655f"))
    text = ParagraphStyle("text", fontName=FONT, fontSize=10, leading=16, textColor=ink, wordWrap="CJK")
    small = ParagraphStyle("small", parent=text, fontSize=8, leading=13, textColor=soft)
    title = ParagraphStyle("title", parent=text, fontSize=17, leading=24)
    number = ParagraphStyle("number", parent=text, fontSize=11, textColor=brand)

    def table(rows: list[tuple[str, str]], style: ParagraphStyle) -> Table:
        cells = [[Paragraph(_markup(name), small), Paragraph(_markup(value), style)] for name, value in rows]
        # A summary of many short lines is longer than a page: its row goes on on the next one.
        made = Table(cells, colWidths=(width * 0.28, width * 0.72), splitInRow=1)
        rules = [("LINEBELOW", (0, 0), (-1, -1), 0.5, line), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        padding = [("TOPPADDING", (0, 0), (-1, -1), 5), ("BOTTOMPADDING", (0, 0), (-1, -1), 5)]
        made.setStyle(TableStyle([*rules, *padding]))
        return made

    source = [
        (words["provider"], sheet.provider),
        (words["obtained"], words["obtained_how"].format(company=sheet.company)),
        (words["shared"], wording.moment(sheet.shared_at, sheet.lang)),
        (words["consent"], sheet.consent_id),
        (words["items"], words["comma"].join(sheet.item_labels)),
        (words["until"], sheet.expires),
    ]
    return [
        Paragraph(_markup(words["to"].format(agency=sheet.agency)), text),
        Spacer(1, 6),
        Paragraph(_markup(words["title"]), title),
        Paragraph(_markup(f"{words['number']} {sheet.pseudonym}"), number),
        Spacer(1, 8),
        HRFlowable(width="100%", thickness=2, color=brand, spaceAfter=2),
        table(sheet.lines, text),
        Spacer(1, 18),
        Paragraph(_markup(words["source"]), text),
        table(source, small),
        Spacer(1, 12),
        Paragraph(_markup(words["notice"]), small),
    ]


def _markup(text: str) -> str:
    """Text for a paragraph: escaped, Latin letters in a font that has their widths, line ends kept."""
    clean = _NOT_IN_FONT.sub("〓", text)
    parts = re.split(f"({_ASCII.pattern})", clean)
    latin = (f'<font name="Helvetica">{escape(part)}</font>' if _ASCII.fullmatch(part) else part for part in parts)
    return "".join(latin).replace("\n", "<br/>")


def _words(lang: Lang) -> dict[str, Any]:
    if lang == "en":
        return {
            "columns": ("Reference", "Received", "Company", "Consent", "Use until"),
            "to": "To {agency}",
            "title": "Candidate profile",
            "number": "Reference",
            "source": "Where this profile comes from",
            "provider": "Provided by",
            "obtained": "How it was obtained",
            "obtained_how": "Typed by the candidate on the page named in a selection result of {company}",
            "shared": "Handed over",
            "consent": "Record of consent",
            "items": "Items",
            "until": "Use until",
            "comma": ", ",
            "notice": "This profile is personal data. Use it for job placement only, and do not try to find out who "
            "the candidate is.",
        }
    return {
        "columns": ("管理番号", "受け取り日時", "導入企業", "同意の記録", "利用期限"),
        "to": "{agency} 御中",
        "title": "求職者プロフィール",
        "number": "管理番号",
        "source": "このプロフィールの出どころ",
        "provider": "提供元",
        "obtained": "取得の経緯",
        "obtained_how": "{company}の選考結果の通知に記載された案内ページで、ご本人が入力",
        "shared": "提供日時",
        "consent": "同意の記録",
        "items": "提供項目",
        "until": "利用期限",
        "comma": "、",
        "notice": "このプロフィールは個人情報です。職業紹介の目的以外に利用しないでください。"
        "ご本人を特定しようとする行為はお控えください。",
    }
