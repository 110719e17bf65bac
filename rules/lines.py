"""What one line of a mail tells by itself, wherever it stands: how it begins and ends, and what it may open.

A company's mails share nearly all of their lines, so what was found out about a line is remembered.
"""

from __future__ import annotations

import functools
import re
from typing import Literal, NamedTuple

from rules.pieces import GOES_ON

REMEMBERED_CHARS_MAX = 200
REMEMBERED_LINES = 2_048
DECOR_CHARS = 4

#: How an earlier mail begins: its own head, the line that says whose words follow, and that one cut by its programme.
Opening = Literal["", "divider", "sender", "attribution", "wrapped"]


class Look(NamedTuple):
    """One line in normalised spelling; ``words`` are it without outer blanks.

    ``plain``: no section can begin or be interrupted here. Else ``opens``: an earlier mail may begin here, and how;
    ``quoted``: the line is quoted or names who is; ``afterthought``: new text goes on; ``rule``: a drawn line, of which
    ``decor`` is nothing but rule or stars.

    Beside its neighbours: ``ends`` a sentence; ``goes_on`` with the one before it; begins with a ``bullet``;
    ``introduces`` the next line.
    """

    words: str
    plain: bool
    opens: Opening
    quoted: bool
    afterthought: bool
    rule: bool
    decor: bool
    ends: bool
    goes_on: bool
    bullet: bool
    introduces: bool


_DIVIDER = re.compile(
    r"-{2,12}\s{0,2}(original (message|appointment)|forwarded (message|by)|元のメッセージ"
    r"|転送メッセージ|転送されたメッセージ"
    r"|ここから引用|reply message)|begin forwarded message|-{2,12}\s{0,2}(forwarded|original)",
    re.IGNORECASE,
)
_SENDER = re.compile(r"[*>\s]{0,4}(from|差出人|送信者|送信元|発信者)\*?\s{0,3}:", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"(^|\s)(wrote|schrieb|a écrit)\s{0,2}:$|(さん|様|氏|殿|>)?\s{0,2}(は"
    r"|が)(次のように)?書きました(\s{0,2}:|。)?$"
    r"|さん(は|が|の)[^。]{0,20}(書|言い|メール)[^。]{0,6}:$"
    r"|^\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}.{0,60}(<[^<>\s]{3,80}>|@\S{3,60})\s?:$"
    r"|^on .{6,120}(wrote|said)\s{0,2}:$",
    re.IGNORECASE,
)
#: How every line ends that `_ATTRIBUTION` fits.
_ATTRIBUTION_ENDS = (":", "書きました", "書きました。")
_WROTE_WRAPPED = re.compile(r"^on .{6,120}(<\S{3,80}>|,)$", re.IGNORECASE)
#: Only lines with such an end or such a beginning can open a quotation that runs to the end of the text.
_QUOTE_ENDS = (*_ATTRIBUTION_ENDS, ">", ",")
_QUOTE_STARTS = ("-", "b", "B")
_DECOR = re.compile(r"[\s*=_~#+.・･\-‐―─━═—–…★☆■□◆◇●○◎※♪＊＝♦•▲▼△▽<>《》〇|:;]+")
#: RFC 3676 4.3; the blank at its end is gone with those of every line.
DELIMITERS = frozenset({"--", "- -"})
_RULES = DELIMITERS | {"---", "***", "===", "___"}
_AFTERTHOUGHT_STARTS = ("追", "p", "P")
_AFTERTHOUGHT = re.compile(r"(追伸|追記|p\.?\s?s\.?\b)", re.IGNORECASE)

_ENDS = (
    *("ます", "ました", "ません", "です", "でした", "下さい", "さい", "ますよう", "敬具", "拝啓", "草々", "以上"),
    *("様", "さま", "殿", "さん", "くん", "御中", "各位"),
)
#: A line of a table, ended by its end: 【合否】否
_LABELLED = re.compile(r"(【[^】]{1,8}】|[■□◆◇●・]?[^。、:]{2,8}:)\s?[^。、\s]{1,8}")
_BULLET = re.compile(r"[■□◆◇●○◎・※*★☆▼▽【<\[(]|\d{1,2}[.)]\s|-\s")


def look(line: str) -> Look:
    """Look at a line, with or without its end; linear in its length."""
    return _remembered(line) if len(line) <= REMEMBERED_CHARS_MAX else _look(line)


def _attributes(words: str) -> bool:
    """Tell whether the words name the writer of what follows them."""
    return words.endswith(_ATTRIBUTION_ENDS) and _ATTRIBUTION.search(words) is not None


def _opening(words: str) -> Opening:
    if ":" not in words and not words.endswith(_QUOTE_ENDS) and not words.startswith(_QUOTE_STARTS):
        return ""
    if _DIVIDER.match(words):
        return "divider"
    if _SENDER.match(words):
        return "sender"
    if _attributes(words):
        return "attribution"
    return "wrapped" if _WROTE_WRAPPED.match(words) else ""


def _look(line: str) -> Look:
    words = line.strip()
    decor = len(words) >= DECOR_CHARS and _DECOR.fullmatch(words) is not None
    opens = _opening(words)
    quoted = words.startswith((">", "|")) or (bool(opens) and _attributes(words))
    afterthought = words.startswith(_AFTERTHOUGHT_STARTS) and _AFTERTHOUGHT.match(words) is not None
    rule = decor or words in _RULES
    return Look(
        words=words,
        plain=not (opens or quoted or afterthought or rule),
        opens=opens,
        quoted=quoted,
        afterthought=afterthought,
        rule=rule,
        decor=decor,
        ends=words.endswith(_ENDS) or _LABELLED.fullmatch(words) is not None,
        goes_on=GOES_ON.match(words) is not None,
        bullet=_BULLET.match(words) is not None,
        introduces=words.endswith((":", "】")),
    )


#: As of sentences (`rules.moods`), so of lines: they stay in this process, `REMEMBERED_LINES` of `REMEMBERED_CHARS_MAX`
#: characters at most, and the oldest leave first.
_remembered = functools.lru_cache(maxsize=REMEMBERED_LINES)(_look)
