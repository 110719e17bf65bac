"""The reading view of a text: NFKC with an offset map, so that every span found maps back to the original.

NFKC as a whole string loses positions (㈱ becomes three characters, ｶﾞ one), therefore it is applied
to each cluster (a base and its marks). Only the recognisers see this view; output is cut from the original.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

from anonymizer.recognizers.skipping import compiled
from anonymizer.replace import PLACEHOLDER

WALL = "\ue000"
"""Stands for a character of one of our own placeholders: no recogniser's pattern includes it."""

# &#8209; of HTML, and %39 or %40 of a log or link: only what numbers and addresses are made of, as 80%40 is no @.
_ESCAPE = (
    r"&(?:#[0-9]{2,6}|#[xX][0-9A-Fa-f]{2,5}|nbsp|amp|lt|gt|quot|apos|ndash|mdash|hyphen|commat|period|num|plus);"
    r"|(?:(?<![0-9])%(?:3[0-9]|40|2[BbDdEe]|5[Ff])|%3[0-9](?=%3[0-9])|(?<=%3[0-9])%3[0-9])"
)
_ESCAPES = compiled(_ESCAPE)
# At most 8 marks a base: canonical ordering of a long run of marks is quadratic in CPython.
_CLUSTER = re.compile(rf"{_ESCAPE}|" r"[\s\S][\u0300-\u036f\u3099\u309a\uff9e\uff9f]{0,8}")
_SOFT_END = re.compile(r"(?<=[A-Za-z0-9().,+@-])=\r?\n[ \t>|]{0,8}(?=[A-Za-z0-9(+@.])")
# A number that a line end breaks at one of its marks: 1996-\n01-10, (0118)\n4960579, 昭和47年\n9月16日.
_BROKEN = compiled(
    r"(?<=[0-9０-９][-－ー/])[ ]?\r?\n[ \t>]{0,8}(?=[0-9０-９])|(?<=[0-9０-９])\r?\n[ \t>]{0,8}(?=[-./][0-9]{2})"
    r"|(?<=[0-9０-９]年)\r?\n[ \t>]{0,8}(?=[0-9０-９]{1,2}月)|(?<=[0-9０-９]月)\r?\n[ \t>]{0,8}(?=[0-9０-９]{1,2}日)"
    r"|(?<=[0-9]\))[ ]?\r?\n[ \t>]{0,8}(?=[0-9]{3,4}[ -]?[0-9]{3,5}(?![0-9]))"
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－⁃˗─━"), "-")
# Zero-width, bidi controls, soft hyphen, variation selectors, the box around a digit: invisible, or as good as that,
# so they must not split a number.
_INVISIBLE = re.compile(
    r"[\u00ad\u20e3\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    r"\U000e0100-\U000e01ef]"
)
# Old and variant shapes of one name character; only the reading view changes, one for one.
_VARIANTS = str.maketrans(
    "髙﨑邊邉齋齊濵濱澤櫻廣國嶋嶌德惠眞榮條學瀨𠮷栁槗桒冨寶彌淵圓實靜壽莊禮邨舘藏來會將鄕𣘺𡈽埜曻籔檜槇遙巖",
    "高崎辺辺斎斉浜浜沢桜広国島島徳恵真栄条学瀬吉柳橋桑富宝弥渕円実静寿荘礼村館蔵来会将郷橋土野昇薮桧槙遥巌",
)
_KANA_KANJI = "一-鿿々ヶぁ-んァ-ー"
# 新 潟 市: single letters set apart by one and the same blank, three or more of them.
_SPACED_RUN = compiled(
    rf"(?<![{_KANA_KANJI}])[{_KANA_KANJI}]([ \t\u3000])[{_KANA_KANJI}]"
    rf"(?:\1(?:[{_KANA_KANJI}]|[0-9](?![0-9]))){{1,14}}(?![{_KANA_KANJI}])"
)
# 1 9 8 7 . 0 9, O m a r F o s t e r: digits and Latin letters set apart; 1 2 3 4 5 6 7 8 is a scale.
_SPACED_DIGITS = re.compile(r"(?<![0-9] )(?<![0-9])[0-9](?: [0-9./-]){7,19}(?! ?[0-9])")
_SPACED_LATIN = re.compile(
    r"(?<![A-Za-z0-9])(?<![^A-Za-z][A-Za-z] )[A-Z](?: [a-z]){2,14}(?: [A-Z](?: [a-z]){1,14}){0,3}(?![A-Za-z])"
)
_APART_MAYBE = re.compile(r"[A-Z] [a-z] [a-z](?![A-Za-z])|[0-9] [0-9./-] [0-9./-] [0-9./-] ")
_SCALE = "0123456789"
# On such a line the digits and dashes stand apart, too: 阿 知 2 ー l 4 - 7.
_APART = _KANA_KANJI + "0-9OlI−－０-９-"
_SPACES = {
    blank: re.compile(rf"(?:(?<=\A[{_APART}])|(?<=[^{_APART}][{_APART}])){blank}(?=[{_APART}](?![{_APART}]))")
    for blank in " \t\u3000"
}
# O9O-l234, (6l7) 555-Ol47, S4O年 1O月, O5/ll/1988: what a scanner or a careful person writes for digits, in
# something that else is a number. A word of such letters alone (I, lol) joins only by a mark.
_DIGITS = "0-9〇零一二三四五六七八九"
# Z stands for 2 where a digit, a mark and a digit or the unit of a date follow; at the end it is a check letter.
_LIKE_Z = r"Z(?=[0-9]|[-./)][ ]?\(?[0-9OlI]|[ ][0-9]|[ ]?[年月日曰])"
# 8S 555 Ol82, 5SS O147: a blank may follow where groups of a telephone do.
_LIKE_SB = (
    r"[SB](?=[0-9]|[-.][0-9OlI])|B(?=O[-.]?[0-9])"
    r"|S(?=S?[ ][0-9OlI]{3,4}(?:[ -][0-9OlI]{3,4})?(?![A-Za-z0-9]))(?:(?<=[0-9]SS)|(?=S)|(?=[ ][0-9]{3}[ -]))"
)
_LIKE = rf"(?:[{_DIGITS}OolI]|{_LIKE_Z})(?:[{_DIGITS}OolI]|{_LIKE_Z}|{_LIKE_SB}){{0,15}}"
# What joins two groups: a mark, the unit of a date, or a blank before what can be no word.
_LIKE_JOINT = (
    r"(?:[ ]?[-./()_][ ]?\(?|[ ]?[年月日][ ]?|[ ](?=[0-9]|[OolI]{1,2}[0-9]|Z[0-9]|[OolIZ][ ]?[月日]|l(?![A-Za-z])))"
)
_LOOKALIKE = compiled(
    r"(?<![A-Za-z0-9])(?![OolI]+[ ](?![-./])|I/O)(?:[SHRT](?=[0-9]|[OlI][0-9]))?"
    rf"(?=[{_DIGITS} ./()年月+-]{{0,20}}[OolISBZ]){_LIKE}"
    # 1992. I live: a sentence begins, no day.
    r"(?:(?!\.[ ]I(?:[ ][a-z]|['’]))"
    rf"{_LIKE_JOINT}{_LIKE}|[-.)][SB](?=[0-9]{{2}})[{_DIGITS}OolI]{{2,8}}){{0,9}}(?![A-Za-z0-9])"
)
_MAY_LOOK_ALIKE = re.compile(r"[0-9][ ./()_-]{0,3}[OolISBZ](?![a-z])|[OolIZ][ ./()_年月-]{0,3}[0-9]")
_AS_DIGITS = str.maketrans("OolISBZ", "0011582")
_LOOKALIKE_DIGITS_MIN, _LOOKALIKE_CODE_MIN, _BLOCKS_MIN = 6, 5, 3
_ONE_O = re.compile(r"[0-9]{1,2}O[0-9]{1,2}")
_JOINS = re.compile(r"(?<=[0-9OlI])-(?=[0-9OlI])")
_FLAT_DAY = compiled(r"(?<=[0-9OlIZ月])曰|(?<=[0-9OlIZ] )曰")
_DATE_UNIT = re.compile(r"[ ]?[年月日歳才]")
_DATE_SHAPE = re.compile(r"[0-9OolI]{1,2}([-/.])[0-9OolI]{1,2}\1[0-9OolI]{4}")
# LSl 4AB: the district of a British code.
_IN_CODE = compiled(r"(?<=[^A-Za-z0-9][A-Z]{2})[lI](?=[0-9]?[ ][0-9][A-Z]{2}(?![A-Za-z0-9]))")
# R0ad, Rosewo0d, Qu1ncy, D0B: a digit in the middle of a word.
_IN_WORD = compiled(
    r"(?<![0-9@._-])(?:(?<=[A-Z])|(?<=[A-Za-z][a-z]))[01](?=[a-z]{2}|[a-z](?![A-Za-z0-9@._-]))"
    r"|(?<![A-Za-z0-9][A-Z])(?<=[A-Z])0(?=[A-Z](?![A-Za-z0-9]|[ ][0-9][A-Z]{2}))"
)
_MARKS = re.compile(r"[\u0300-\u036f\u3099\u309a\uff9e\uff9f]")
_TABLE_MAX = 20_000
_LONG_MARK = compiled(
    r"(?<=[0-9〇零一二三四五六七八九十])ー(?=[0-9〇零一二三四五六七八九十]|[Ol][0-9]|[ ]{0,2}\n[ \u3000]{0,6}[0-9])"
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text[i]`` comes from ``original[starts[i]:ends[i]]``."""

    original: str
    text: str
    starts: tuple[int, ...] | range
    ends: tuple[int, ...] | range

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty half-open range of ``text`` to the range of ``original`` it was read from."""
        return self.starts[start], self.ends[end - 1]


class _Table(dict[int, str]):
    """One character to its reading form, worked out when first met: ``str.translate`` runs at C speed on it."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < _TABLE_MAX:
            self[code] = folded
        return folded


def _fold(char: str) -> str:
    if _INVISIBLE.match(char):
        return ""
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"  # Half a character, as JSON may hold one: nothing behind here can encode it.
    folded = unicodedata.normalize("NFKC", char.translate(_DASHES)).translate(_DASHES).translate(_VARIANTS)
    digit = unicodedata.digit(folded, None) if len(folded) == 1 else None
    return folded if digit is None else str(digit)  # ❶, ٣ and other digits of the world.


_TABLE = _Table()


def _fold_cluster(cluster: str) -> str:
    if len(cluster) == 1:
        return _TABLE[ord(cluster)]
    if cluster[0] == "&" and cluster[-1] == ";":
        return "".join(map(_fold, html.unescape(cluster)))
    if cluster[0] == "%" and cluster.isascii():
        return chr(int(cluster[1:], 16))
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", cluster.translate(_DASHES))).translate(_VARIANTS)


def _masked(text: str) -> str:
    """Hide what an earlier run has put in, so that stripping twice is stripping once."""
    if "〔" not in text and "[" not in text:
        return text
    return PLACEHOLDER.sub(lambda match: WALL * len(match.group()), text)


def _unspaced(text: str) -> str:
    """Turn the blanks between letters set apart into invisible ones, one for one, on lines that have such letters."""
    if not _SPACED_RUN.search(text):
        return text
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        run = _SPACED_RUN.search(line)
        if run:
            lines[at] = _SPACES[run.group(1)].sub("\u200b", line)
    return "".join(lines)


def _closed(text: str) -> str:
    """The same for digits and Latin letters set apart, wherever they stand."""
    return _SPACED_LATIN.sub(_close, _SPACED_DIGITS.sub(_close, text)) if _APART_MAYBE.search(text) else text


def _close(apart: re.Match[str]) -> str:
    """Make the blanks invisible; before a capital there is one between two words."""
    found = apart.group()
    if found.replace(" ", "") in _SCALE:
        return found
    return re.sub(r" (?![A-Z])", "\u200b", found)


def _rejoined(text: str) -> str:
    """Turn soft line ends of a mail (RFC 2045, 6.7), those inside a number, and the marks of a quotation behind them
    into invisible ones."""
    if "\n" not in text:
        return text
    text = _SOFT_END.sub(_joined, text) if "=\n" in text or "=\r" in text else text
    return _BROKEN.sub(lambda end: "\u200b" * len(end.group()), text)


def _joined(end: re.Match[str]) -> str:
    # A line without a blank is a setting (KEY=), no text that a mail program broke.
    line = end.string[end.string.rfind("\n", 0, end.start()) + 1 : end.start()]
    return "\u200b" * len(end.group()) if " " in line.strip("> |\t") else end.group()


def _as_digits(match: re.Match[str]) -> str:
    token = match.group()
    era = token[:1] if token[0] in "SHRT" else ""
    token = token[len(era) :]
    letters = sum(char in "OolISBZ" for char in token)
    digits = sum(char not in "OolISBZ -./()年月" for char in token)
    enough = (
        digits + letters >= _LOOKALIKE_DIGITS_MIN
        or (letters == 1 and (digits + letters >= _LOOKALIKE_CODE_MIN or _ONE_O.fullmatch(token)))
        or (digits and (_DATE_UNIT.match(match.string, match.end()) or _DATE_UNIT.search(token)))
        or len(_JOINS.findall(token)) + 1 >= _BLOCKS_MIN
        # 楠目89O-1: the numbers of a house behind its place.
        or (digits > 1 and "-" in token[1:] and "一" <= match.string[match.start() - 1 : match.start()] <= "鿿")
    )
    dated = digits > 1 and _DATE_SHAPE.fullmatch(token)
    return era + (token.translate(_AS_DIGITS) if enough and (letters <= digits + 1 or dated) else token)


def _read(text: str) -> str:
    """Read what stands for a digit or a dash inside a number, one for one."""
    if "曰" in text:
        text = _FLAT_DAY.sub("日", text)
    if not _MAY_LOOK_ALIKE.search(text):
        return _LONG_MARK.sub("-", text) if "ー" in text else text
    text = _IN_WORD.sub(lambda match: "o" if match.group() == "0" else "l", text)
    text = _IN_CODE.sub(lambda match: match.group().translate(_AS_DIGITS), text)
    return _LOOKALIKE.sub(_as_digits, _LONG_MARK.sub("-", text))


def normalise(original: str) -> Normalised:
    """Return the reading view of ``original``; linear in its length."""
    masked = _closed(_rejoined(_masked(original)))
    escaped = ("&" in masked or "%" in masked) and _ESCAPES.search(masked) is not None
    if not escaped and (masked.isascii() or masked.replace(WALL, "").isascii()):
        return Normalised(original, _read(masked), range(len(masked)), range(1, len(masked) + 1))
    masked = _unspaced(masked)
    if not escaped and not _MARKS.search(masked):
        text = masked.translate(_TABLE)
        if len(text) == len(masked) and not _INVISIBLE.search(masked):
            # Without invisible characters the view can only grow; of equal length it is one for one.
            return Normalised(original, _read(text), range(len(text)), range(1, len(text) + 1))
        starts = _starts(masked)
        return Normalised(original, _read(text), starts, tuple(start + 1 for start in starts))
    return _by_clusters(original, masked)


def _starts(masked: str) -> tuple[int, ...]:
    """Return where each character of the view stands in a text whose characters are read one by one."""
    sizes = {char: size for char in set(masked) if (size := len(_TABLE[ord(char)])) != 1}
    starts: list[int] = []
    done = 0
    for at in [at for at, char in enumerate(masked) if char in sizes]:
        starts += range(done, at)
        starts += [at] * sizes[masked[at]]
        done = at + 1
    starts += range(done, len(masked))
    return tuple(starts)


def _by_clusters(original: str, masked: str) -> Normalised:
    """Read each base together with its marks, and the escapes."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(masked):
        folded = _fold_cluster(match.group())
        start, end = match.span()
        for char in folded:
            out.append(char)
            starts.append(start)
            ends.append(end)
    return Normalised(original, _read("".join(out)), tuple(starts), tuple(ends))
