"""Names whose family comes first, as China, Korea and Vietnam have them: Chen Yufei, Shin Donghee, Bui Thanh Tung."""

import re
from functools import lru_cache

from anonymizer import lexicon

_RIME = (
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ao|ei|ia|ie|iu|ou|ua|ue|ui|uo|(?:an|en|in|un)(?!g)|[aeiou])"
)
_PINYIN = re.compile(rf"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsrwy])?{_RIME}){{1,2}}")
_KOREAN = re.compile(
    r"(?:(?:kk|ch|kw|hw|gw|[bdghjkmnprstwy])?(?:yeo|yoo|eo|eu|ae|oo|ee|ya|ye|yo|yu|wo|wa|wi|ui|[aeiou])"
    r"(?:ng|[nmkl](?![aeiouy])|h(?![aeiouy]))?){2}"
)
_GIVEN_CHARS_MIN, _VIETNAMESE_PARTS_MIN, _VIETNAMESE_CHARS_MAX = 4, 3, 7


@lru_cache(maxsize=8192)
def _unlisted(word: str) -> bool:
    return word not in lexicon.words("capitalised") and word not in lexicon.words("skills")


@lru_cache(maxsize=8192)
def family_first(one: str, two: str) -> bool:
    """Tell whether two words (small letters) are a surname and a given name in the order of China or Korea."""
    if len(two) < _GIVEN_CHARS_MIN or not _unlisted(two) or not _unlisted(one):
        return False
    chinese = one in lexicon.words("surname_zh") and _PINYIN.fullmatch(two)
    return bool(chinese or (one in lexicon.words("surname_ko") and _KOREAN.fullmatch(two)))


@lru_cache(maxsize=8192)
def korean(words: str) -> bool:
    """Tell whether two words (small letters), the second with a hyphen, are a Korean name: oh seung-min."""
    one, _, two = words.partition(" ")
    listed = one in lexicon.words("surname_ko") or one in lexicon.words("surname_ko_rare")
    return listed and _KOREAN.fullmatch(two.replace("-", "")) is not None


def vietnamese_end(words: list[str]) -> int:
    """Return how many of ``words`` (small letters) are a Vietnamese name, 0 for none: three, or four."""
    if len(words) < _VIETNAMESE_PARTS_MIN or words[0] not in lexicon.words("surname_vi"):
        return 0
    if words[1] not in lexicon.words("middle_vi") or words[:3] == ["ho", "chi", "minh"]:
        return 0
    end = 2
    while end < min(len(words), 4) and len(words[end]) <= _VIETNAMESE_CHARS_MAX and _unlisted(words[end]):
        end += 1
    return end if end >= _VIETNAMESE_PARTS_MIN else 0
