"""Charsets: from the label in a mail to text and back, and from a place in the text to a place in the octets.

Labels are matched as mail readers do, not as registries say: ``shift_jis`` means windows-31j, ``gb2312`` gb18030.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from gateway.letter import jis
from gateway.letter.doubt import Doubt


class Family(StrEnum):
    """How octets and characters relate."""

    ASCII = "ascii"
    UTF_8 = "utf-8"
    SINGLE = "single"
    SHIFT_JIS = "shift_jis"
    EUC_JP = "euc-jp"
    ISO_2022_JP = "iso-2022-jp"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Charset:
    """A charset that can be read and written: ``codec`` with ``errors`` reads, ``encoder`` writes."""

    family: Family
    codec: str
    encoder: str
    errors: str = "strict"


ASCII = Charset(Family.ASCII, "ascii", "ascii")
UTF_8 = Charset(Family.UTF_8, "utf-8", "utf-8")
SHIFT_JIS = Charset(Family.SHIFT_JIS, "cp932", "cp932")
EUC_JP = Charset(Family.EUC_JP, "euc_jp", "euc_jp", jis.VENDOR_EUC)
# Written as RFC 1468 defines it, read with the kana and vendor rows that mail programmes add.
ISO_2022_JP = Charset(Family.ISO_2022_JP, "iso2022_jp_ext", "iso2022_jp", jis.VENDOR_JIS)
LATIN_1 = Charset(Family.SINGLE, "latin-1", "latin-1")


def _labels() -> Iterable[tuple[str, Charset]]:
    for charset, names in (
        (ASCII, "us-ascii ascii ansi_x3.4-1968 ansi_x3.4-1986 iso646-us iso_646.irv:1991 646 us csascii"),
        (UTF_8, "utf-8 utf8 unicode-1-1-utf-8 csutf8"),
        (SHIFT_JIS, "shift_jis shift-jis x-sjis sjis shiftjis ms_kanji windows-31j windows-932 cp932 ms932 x-ms-cp932"),
        (SHIFT_JIS, "csshiftjis cswindows31j"),
        (EUC_JP, "euc-jp x-euc-jp eucjp euc_jp x-euc eucjp-ms eucjp-win eucjp-open cp51932 cseucpkdfmtjapanese"),
        (ISO_2022_JP, "iso-2022-jp iso2022jp iso2022-jp iso-2022-jp-1 iso-2022-jp-ms csiso2022jp"),
        (ISO_2022_JP, "cp50220 cp50221 cp50222 x-windows-50220 x-windows-50221 x-windows-iso2022jp"),
        (LATIN_1, "iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 cp819 ibm819"),
    ):
        for name in names.split():
            yield name, charset
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16):
        single = Charset(Family.SINGLE, f"iso8859-{number}", f"iso8859-{number}")
        yield from ((f"iso-8859-{number}", single), (f"iso8859-{number}", single), (f"iso_8859-{number}", single))
    for number in range(1250, 1259):
        single = Charset(Family.SINGLE, f"cp{number}", f"cp{number}")
        yield from ((f"windows-{number}", single), (f"cp{number}", single), (f"x-cp{number}", single))
    for name in ("koi8-r", "koi8-u"):
        yield name, Charset(Family.SINGLE, name, name)
    for names, codec, encoder in (
        ("gb2312 x-gb2312", "gb18030", "gb2312"),
        ("gbk x-gbk cp936 windows-936", "gb18030", "gbk"),
        ("gb18030", "gb18030", "gb18030"),
        ("big5 x-big5 cp950 windows-950", "cp950", "cp950"),
        ("euc-kr ks_c_5601-1987 cp949 windows-949 uhc korean", "cp949", "euc_kr"),
    ):
        for name in names.split():
            yield name, Charset(Family.DOUBLE, codec, encoder)


_BY_LABEL = dict(_labels())

# The same dash, wave and bar have two code points each; which one a codec takes differs (JIS X 0208 against cp932).
_TO_JIS = str.maketrans("～－∥￠￡￢—\u00a0", "〜−‖¢£¬― ")
_TO_CP932 = str.maketrans("〜−‖¢£¬—\u00a0", "～－∥￠￡￢― ")
_TWINS = {Family.ISO_2022_JP: _TO_JIS, Family.EUC_JP: _TO_JIS, Family.SHIFT_JIS: _TO_CP932}

_ONE_CHARACTER = {
    Family.SHIFT_JIS: re.compile(rb"[\x81-\x9f\xe0-\xfc].|.", re.DOTALL),
    Family.EUC_JP: re.compile(rb"\x8f..|[\x8e\xa1-\xfe].|.", re.DOTALL),
}
_ONE_OCTET = re.compile(rb".", re.DOTALL)
# Octets that only Shift_JIS uses, or that EUC-JP never does.
_NOT_EUC = re.compile(rb"[\x80-\x8d\x90-\xa0\xff]")
# Octets that are neither ASCII nor half-width kana of Shift_JIS.
_NOT_KANA = re.compile(rb"[\x80-\xa0\xe0-\xff]")


def lookup(label: str) -> Charset | None:
    """Return the charset that readers take for ``label`` (any case), None for one we cannot read."""
    return _BY_LABEL.get(label.strip().strip("'\"").lower())


def guess(octets: bytes) -> Charset:
    """Return the charset that undeclared text most likely has; for reading only, for writing see `certain`."""
    if b"\x1b$" in octets:
        return ISO_2022_JP
    if octets.isascii():
        return ASCII
    for charset in (UTF_8, EUC_JP, SHIFT_JIS):
        if charset is EUC_JP and _NOT_EUC.search(octets):
            continue
        if _decodes(octets, charset):
            return charset
    return LATIN_1


def certain(octets: bytes) -> Charset | None:
    """Return the charset that text without a label has beyond doubt, None where another one reads it as well.

    RFC 2045 5.2 makes such text US-ASCII. Programmes that leave the label out send UTF-8 (which RFC 6532 3.2 allows in
    header fields, not here) or ISO-2022-JP; both refuse nearly everything else. What UTF-8 takes but EUC-JP, or
    Shift_JIS with nothing but half-width kana, would take too, is left in doubt.
    """
    charset = guess(octets)
    if charset.family in (Family.ASCII, Family.ISO_2022_JP):
        return charset
    if charset is not UTF_8 or not _NOT_KANA.search(octets):
        return None
    return UTF_8 if _NOT_EUC.search(octets) or not _decodes(octets, EUC_JP) else None


def _decodes(octets: bytes, charset: Charset) -> bool:
    try:
        octets.decode(charset.codec, charset.errors)
    except UnicodeDecodeError:
        return False
    return True


def decode(octets: bytes, charset: Charset) -> str:
    """Decode strictly; raises Doubt when the octets are not what the label says."""
    try:
        return octets.decode(charset.codec, charset.errors)
    except UnicodeDecodeError as error:
        raise Doubt(f"charset: text is not {charset.family.value}") from error


def read_loosely(octets: bytes, label: str) -> str:
    """Decode for a person's or a rule's eyes; what cannot be read becomes U+FFFD."""
    charset = lookup(label) or guess(octets)
    if charset is ASCII and not (octets.isascii() and b"\x1b$" not in octets):
        charset = guess(octets)
    try:
        return octets.decode(charset.codec, charset.errors)
    except UnicodeDecodeError:
        return octets.decode(charset.codec, "replace")


def encode(text: str, charset: Charset) -> bytes | None:
    """Encode our own words; None when the charset lacks one of the characters."""
    try:
        return text.encode("ascii" if text.isascii() else charset.encoder)
    except UnicodeEncodeError:
        twins = _TWINS.get(charset.family)
    if twins is None:
        return None
    try:
        return text.translate(twins).encode(charset.encoder)
    except UnicodeEncodeError:
        return None


def same_words(one: str, other: str) -> bool:
    """Whether two texts differ at most in the twins among dashes, waves and bars."""
    return one == other or one.translate(_TO_JIS) == other.translate(_TO_JIS)


def encodes_back(text: str, octets: bytes, charset: Charset) -> bool:
    """Whether ``text`` in this charset is exactly ``octets``: then nothing is lost when the part changes to UTF-8."""
    try:
        return text.encode(charset.codec) == octets
    except UnicodeEncodeError:
        return False


def octets_of(octets: bytes, text: str, indices: Sequence[int], charset: Charset) -> list[int]:
    """Return the octet where each character of ``text`` named by ``indices`` (ascending) begins.

    Raises Doubt when that is not certain.
    """
    if charset.family in (Family.ASCII, Family.SINGLE):
        return list(indices)
    if charset.family is Family.ISO_2022_JP:
        return [octet for octet, _ in jis.places(octets, indices, len(text))]
    found = []
    octet = char = 0
    for index in indices:
        octet += _length(octets, octet, text[char:index], charset)
        char = index
        found.append(octet)
    return found


def _length(octets: bytes, start: int, text: str, charset: Charset) -> int:
    """How many octets from ``start`` on spell ``text``."""
    if charset.family is Family.UTF_8:
        return len(text.encode())
    try:
        length = len(text.encode(charset.codec))
    except UnicodeEncodeError:
        length = -1
    if length >= 0 and _decodes_to(octets[start : start + length], text, charset):
        return length
    # Vendor characters are written in fewer octets than the codec would take, or it has none for them.
    length = _counted(octets, start, len(text), charset)
    if not _decodes_to(octets[start : start + length], text, charset):
        raise Doubt("charset: place of a character is not certain")
    return length


def _decodes_to(octets: bytes, text: str, charset: Charset) -> bool:
    try:
        return octets.decode(charset.codec, charset.errors) == text
    except UnicodeDecodeError:
        return False


def _counted(octets: bytes, start: int, chars: int, charset: Charset) -> int:
    pattern = _ONE_CHARACTER.get(charset.family, _ONE_OCTET)
    end = start
    for found in islice(pattern.finditer(octets, start), chars):
        end = found.end()
    return end - start
