"""Where in a letter the block goes: under the new text, above the signature and above what is quoted.

The same reading of lines serves plain text and HTML (``place_html`` turns tags into spaces and line ends first). A
wrong guess here costs looks, never content: the place is always between two lines.
"""

import re
from dataclasses import dataclass

from rules.model import Place

# Heads of quoted mail after which everything is quoted: Outlook, Gmail, Apple Mail, Thunderbird, Becky! and Japanese
# webmail, in English and Japanese.
_QUOTE_HEAD = re.compile(
    r"""^[ \t*]*+(?:
      -{2,}+[ ]?(?:Original\ (?:Message|Appointment|mail)|Forwarded\ (?:message|by)|元のメッセージ|オリジナルメッセージ
          |転送(?:された)?メッセージ|転送メール|返信元メッセージ|受信メール)
    | Begin\ forwarded\ message:
    | On\ [^\n]{4,200}(?:\n[^\n]{0,200}){0,2}\bwrote:[ \t\r]*$
    | (?:\d{4}[/年.-][ ]?\d{1,2}[/月.-][ ]?\d{1,2})[^\n<]{0,120}(?:\n[^\n<]{0,80})?<[^<>\s]{1,200}@[^<>\s]{1,200}>
          [^\n:：]{0,20}[:：][ \t\r]*$
    | [^\n]{1,120}(?:さん[はが]書きました|[ ]wrote|[ ]writes|のメール)[ ]?[:：][ \t\r]*$
    | (?:From|差出人|送信者|送信元)[ *]*[:：][^\n]*\n(?:[^\n]*\n){0,2}?[ \t*]*
          (?:Sent|Date|To|Subject|送信日時|受信日時|日時|日付|宛先|件名)[ *]*[:：]
    )""",
    re.MULTILINE | re.VERBOSE | re.IGNORECASE,
)
# A head holds one of these, behind two hyphens or with a colon; looking for them first is much faster.
_DASHED_WORDS = (
    *("essage", "ESSAGE", "ppointment", "riginal", "orwarded by"),
    *("メッセージ", "転送メール", "受信メール"),
)
_COLON_WORDS = re.compile("wr(?:ote|ites)|書きました|のメール|essage:|>[:：]|F(?:rom|ROM)|from|差出人|送信[者元]")
_QUOTE_INTRO = re.compile(r"(?:wrote|writes|書きました|@[^\s]+>?.{0,20})\s*[:：]$|^On .{4,}|[:：]$")
_RULE_LETTERS = "-=_*+~#|/\\<>:─━―ー－＝＊＿～◆◇■□●○★☆▲△▼▽∞・"
_RULE_OPENINGS = frozenset(_RULE_LETTERS)
_RULE = re.compile(rf"[{re.escape(_RULE_LETTERS)}]{{6,}}$")
_DELIMITER = "--"  # RFC 3676 4.3, its space gone with those at the end of every line
_CONTACT = re.compile(
    r"〒|TEL|FAX|電話|mail|メール|https?://|@|URL|会社|法人|人事|採用|担当|[\s|]HR\b|recruit|talent|\bInc\b|\bLtd\b|\bCorp\b",
    re.IGNORECASE,
)
_OFFICE = re.compile(r"会社|[㈱㈲]|法人|人事|採用|担当|事務局|\bInc\b|\bLtd\b|\bHR\b|Recruit|Talent")
_SIGN_OFF = re.compile(
    r"(?:(?:best|kind|warm|kindest|warmest|with (?:best|kind|warm))\s+)?(?:regards|wishes)"
    r"|(?:yours\s+)?(?:sincerely|faithfully|truly)(?:\s+yours)?|cheers|respectfully(?:\s+yours)?",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"[※*＊]?\s*(?:本|当|この)(?:電子)?(?:メール|e-?mail)(?:および|及び|に|は|の)"
    r"|(?:this|the information in this) (?:e-?mail|message)\b|confidential|(?:important )?notice:"
    r"|※\s*(?:このメール|送信専用)",
    re.IGNORECASE,
)
# A short line that is no sentence and no item of a list.
_BARE_NAME = re.compile(r"[^\s・●○■□◆※*\-0-9(（][^。、！？!?,:：;\n]{0,29}(?<!\.)$|[+(]?\d[\d ()-]{8,20}$")
_SIGNATURE_LINES_MAX = 15
_DELIMITED_LINES_MAX = 25
_NAME_LINES_MAX = 5
_NAME_CHARS_MAX = 45
_TAIL_LINES = 80


@dataclass(frozen=True, slots=True)
class Cut:
    """Character offsets: the new text ends at ``end`` (a line start); from ``quote``, the head of a quoted mail, on
    everything is quoted. Lines marked ``>`` are not counted in ``quote``: they tell by themselves what they are."""

    end: int
    quote: int


def cut(text: str) -> Cut:
    """Find where new text ends; without signature and quote both offsets are the length of ``text``."""
    quote = _quote_head(text)
    if quote and not text[:quote].strip():
        quote = 0  # nothing but quoted text: the block can only go above it
    pieces = text[:quote].split("\n")
    lines = [piece.strip() for piece in pieces]
    if not lines[-1]:
        lines.pop()
    count = len(lines)
    end = _signature(lines, count)
    unquoted = _without_quotes(lines, end)
    if unquoted < end:
        end = _signature(lines, unquoted)
    return Cut(sum(map(len, pieces[:end])) + end if end < count else quote, quote)


def placed(text: str, found: Cut, where: Place) -> Cut:
    """Return the cut before which a block belongs that a rule wants ``where``."""
    match where:
        case "before_signature":
            return found
        case "after_new_text":
            pieces = text[: found.quote].split("\n")
            lines = [piece.strip() for piece in pieces]
            end = _without_quotes(lines, len(lines))
            above = sum(map(len, pieces[:end])) + end if end < len(lines) else found.quote
            return Cut(above, found.quote)
        case "end":
            return Cut(len(text), len(text))


def new_text(text: str, found: Cut) -> str:
    """Return the text without what is quoted, be it at the end or in between."""
    new = text[: found.quote]
    return "\n".join(line for line in new.split("\n") if not line.startswith(">")) if ">" in new else new


def insertion(text: str, found: Cut) -> int:
    """Return the start of the line after the last line with content before ``found.end``."""
    content = len(text[: found.end].rstrip())
    if not content:
        return found.end
    line_end = text.find("\n", content)
    return line_end + 1 if 0 <= line_end < found.end else found.end


def _quote_head(text: str) -> int:
    found = _QUOTE_HEAD.search(text) if _may_quote(text) else None
    if found is None:
        return len(text)
    # Outlook draws a line above the head of the quoted mail.
    before = text[: found.start()].rstrip()
    line = before.rfind("\n") + 1
    return line if re.fullmatch(r"_{8,}", before[line:].strip()) else found.start()


def _may_quote(text: str) -> bool:
    if (":" in text or "：" in text) and _COLON_WORDS.search(text):
        return True
    return "--" in text and any(word in text for word in _DASHED_WORDS)


def _without_quotes(lines: list[str], end: int) -> int:
    """Leave out quoted lines (RFC 3676 4.5) at the end, with the line that introduces them."""
    last, quoted = end, False
    while last and (not lines[last - 1] or lines[last - 1].startswith(">")):
        last -= 1
        quoted = quoted or lines[last].startswith(">")
    if not quoted:
        return end
    while last < end and not lines[last]:
        last += 1
    for above in range(last - 1, max(last - 4, -1), -1):
        if lines[above] and not _QUOTE_INTRO.search(lines[above]):
            break
        if lines[above]:
            last = above
    return last


def _signature(lines: list[str], end: int) -> int:
    """Return the index of the line where signature or disclaimer begins, ``end`` when the text has neither."""
    tail = max(0, end - _TAIL_LINES)
    # Whatever is taken for a signature, something must be left above it.
    first = next((i for i in range(end) if lines[i] and not lines[i].startswith(">")), end)
    if _DELIMITER in lines:
        for index in range(max(tail, first + 1), end):
            if lines[index] == _DELIMITER and sum(map(bool, lines[index:end])) <= _DELIMITED_LINES_MAX:
                return index
    last = _without_disclaimers(lines, end, tail)
    for find in (_ruled, _signed_off, _named):
        found = find(lines, last, tail)
        if first < found < last:
            return found
    return last if first < last else end


def _content_end(lines: list[str], end: int) -> int:
    while end and not lines[end - 1]:
        end -= 1
    return end


def _paragraph_start(lines: list[str], end: int, tail: int) -> int:
    while end > tail and lines[end - 1]:
        end -= 1
    return end


def _without_disclaimers(lines: list[str], end: int, tail: int) -> int:
    for _ in range(3):
        last = _content_end(lines, end)
        start = _paragraph_start(lines, last, tail)
        if start == last or not _DISCLAIMER.match(lines[start]):
            return end
        end = start
    return end


def _ruled(lines: list[str], end: int, tail: int) -> int:
    """A signature between two drawn lines, or under one."""
    last = _content_end(lines, end)
    drawn = range(max(tail, last - _SIGNATURE_LINES_MAX - 1), last)
    rules = [i for i in drawn if lines[i][:1] in _RULE_OPENINGS and _RULE.match(lines[i])]
    if not rules:
        return end
    if rules[-1] == last - 1 and len(rules) > 1:
        return rules[-2]
    inside = lines[rules[-1] : last]
    return rules[-1] if any(_CONTACT.search(line) for line in inside) else end


def _signed_off(lines: list[str], end: int, tail: int) -> int:
    last = _content_end(lines, end)
    for index in range(max(tail, last - 8), last):
        if lines[index].isascii() and _SIGN_OFF.fullmatch(lines[index].rstrip(",.!")):
            return index
    return end


def _named(lines: list[str], end: int, tail: int) -> int:
    """A last paragraph that is only company, department and name."""
    last = _content_end(lines, end)
    start = _paragraph_start(lines, last, tail)
    paragraph = lines[start:last]
    if not 0 < len(paragraph) <= _NAME_LINES_MAX or start == tail:
        return end
    if any("。" in line or len(line) > _NAME_CHARS_MAX for line in paragraph):
        return end
    named = _OFFICE.search(" ".join(paragraph))
    bare = len(paragraph) > 1 and all(_BARE_NAME.match(line) for line in paragraph)
    return start if named or bare else end
