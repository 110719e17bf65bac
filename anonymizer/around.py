"""What stands around a known name and belongs to it: a given name no list of ours has, names in the middle.

中川 頼久 beside 中川 (俊), ĐẶNG THỊ MỸ LINH between Đặng and Linh, ダンティミーリン between ダン and リン.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from anonymizer import lexicon, names
from anonymizer.names import Word
from anonymizer.recognizers.japanese import in_organisation, is_rare_given

_BEHIND = re.compile(r"(?P<gap>[ ]?)(?P<given>[一-鿿々]{1,3})(?![一-鿿々ァ-ヶ])")
_BETWEEN = re.compile(r"[ ,]{1,2}(?:(?:[A-ZÀ-ÞĀ-ŽḀ-Ỹ][A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ'’.-]{0,16}|v/d|v\.d\.)[ ,]{1,2}){1,3}")
_MIDDLE_CHARS_MAX = 54
_KATAKANA = re.compile(r"[ァ-ヶー]{5,14}")
_ENDS_MIN = 2
_PARTICLE = r"(?:[ ](?i:de|van|der|den|von|di|da|del|la|le|el|al|bin|ibn|bint|ter|ten|dos|du|st\.?)(?![A-Za-z]))"
_SHORTENED = re.compile(
    rf"{_PARTICLE}{{0,3}}[ ](?P<x>[A-Za-z])\.?(?![A-Za-z0-9'’])|[ ](?P<y>[a-z])\.(?:[ ]?[a-z]\.){{1,3}}"
)

# 鹿嶋っち, 美咲ぴ, 健太郎りんは: two kana more that make a pet name of a name.
_PET = re.compile(
    r"(?:っち(?![ゃゅょ])|ッチ|っぺ|ぴょん|ぴー?(?![っかんょゅくたり])|きゅん|にゃん"
    r"|(?:りん|リン|たん|タン|ちん|ぽん|みん|っしー)(?![ァ-ヶー]|(?!は|が|も|の|に|と|を|へ|か|よ|さ|っ|で|だ)[ぁ-ん]))"
)


def pet_behind(text: str, end: int) -> int:
    """Return where the pet ending behind a name in kanji or Latin letters that ends at ``end`` ends."""
    match = _PET.match(text, end) if end < len(text) and "ぁ" <= text[end] <= "ン" else None
    return match.end() if match else end


def given_behind(text: str, end: int, given: str) -> int:
    """Return where a given name behind a family name that ends at ``end`` ends; ``given`` is the known one."""
    match = _BEHIND.match(text, end)
    if match is None or in_organisation(text, end):
        return end
    run = match.group("given")
    if run in lexicon.words("not_people"):
        return end
    known = names.kinds(run)
    own = bool(known & Word.GIVEN) and not known & (Word.COMMON | Word.OTHER | Word.VERBAL)
    apart = bool(match.group("gap")) and (own or (known == Word.NONE and is_rare_given(run)))
    # 太朗 for 太郎, as a scanner or a hurried person writes it.
    alike = len(run) == len(given) > 1 and any(one == two for one, two in zip(run, given, strict=True))
    return match.end() if apart or alike or (own and len(run) > 1) else end


def with_middle_names(text: str, found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches between two places of one Latin name that only further names part."""
    for (start, one_end), (two_start, end) in pairwise(sorted(found)):
        if one_end < two_start <= one_end + _MIDDLE_CHARS_MAX and _BETWEEN.fullmatch(text, one_end, two_start):
            yield start, end


def in_katakana(text: str, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield katakana words that begin with one of ``parts`` (katakana) and end with another."""
    heads = tuple(part for part in parts if len(part) >= _ENDS_MIN)
    for match in _KATAKANA.finditer(text) if len(heads) > 1 else ():
        run = match.group()
        first = next((part for part in heads if run.startswith(part)), "")
        if first and any(part != first and run.endswith(part) for part in heads):
            yield match.span()


def shortened_behind(text: str, end: int, initials: frozenset[str]) -> int:
    """Return where the rest of a Latin name ends that is only a letter: anneke [de v.], pieter [v.d.b.]."""
    match = _SHORTENED.match(text, end)
    if match is None:
        return end
    # "Mary A" may be followed by anything, so a letter alone has its point or particles before it.
    letter, sure = match.group("x") or match.group("y"), "." in match.group() or match.group().count(" ") > 1
    # TAKAESU K, alone on its line.
    sure = sure or (letter.isupper() and text[match.end() : match.end() + 1] in ("", "\n", ":"))
    return match.end() if sure and letter.lower() in initials else end
