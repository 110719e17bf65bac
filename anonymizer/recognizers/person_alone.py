"""Whether a word that stands alone can be somebody's name: in kanji, in kana, in Latin letters."""

import re
from functools import cache

from anonymizer import lexicon, name_lists, names
from anonymizer.name_lists import is_family_kana, is_given_kana
from anonymizer.names import NAME, Word
from anonymizer.numerals import to_int
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_frames import everyday_latin, thing

NO_KANA_NAME = Word.PARTICLE | Word.OTHER | Word.SUFFIX | Word.VERBAL
# Marks in the last cell of a line, and words of one kanji that close a note: required, none, passed, excellent.
_MARKS = frozenset("要有無可否済良優秀上中下他等計了例男女甲乙丙丁左右前後内外急緊重済未完新旧")


def kanji_name(word: str) -> bool:
    """Tell whether a word in kanji is a name; one kanji may be a mark or a number."""
    known = names.kinds(word)
    if len(word) == 1:
        return bool(known & NAME) and word not in _MARKS and to_int(word) is None
    return bool(known & NAME) and not _other(word)


def family_kanji(word: str) -> bool:
    """Tell whether a word in kanji is a surname rather than a thing, a role or a place."""
    return (word in name_lists.lists().family_kanji or bool(names.kinds(word) & Word.SURNAME)) and not _other(word)


def _other(word: str) -> bool:
    return thing(word) or not_a_person(word) or word in lexicon.words("places")


def kana_name(word: str) -> bool:
    """Tell whether a word in kana is a name of the lists: a given name, or one that is no other word."""
    listed, known = is_given_kana(word) or is_family_kana(word), names.kinds(word)
    return listed and (bool(known & Word.GIVEN) or not known & NO_KANA_NAME)


def known_kana(word: str) -> bool:
    """Tell whether the lists or the dictionary have a word in kana as a name of a person, who may be no role."""
    known = names.kinds(word)
    listed = is_family_kana(word) or is_given_kana(word) or bool(known & NAME)
    plain = known & (Word.PARTICLE | Word.OTHER | Word.SUFFIX) and not known & NAME
    return listed and not plain and not not_a_person(word) and word not in lexicon.words("not_people")


def lone_name(word: str) -> bool:
    """Tell whether a word in kana or kanji is a name."""
    return kana_name(word) if word[0] < "ァ" else kanji_name(word)


def kana_or_surname(word: str) -> bool:
    """Tell whether a word is a known name in kana or a surname in kanji."""
    return known_kana(word) if word[0] < "ァ" else family_kanji(word)


def latin_name(words: str) -> bool:
    """Tell whether no word in Latin letters is an everyday word or a town, short forms and initials aside."""
    parts = [part for part in re.split(r"[ ,]+", words) if not part.endswith(".") and len(part) > 1]
    return bool(parts) and not any(everyday_latin(part) or is_town(part) for part in parts)


def is_town(word: str) -> bool:
    """Tell whether a word in Latin letters is a town of the list."""
    return word.lower() in lexicon.words("towns")


@cache
def called() -> frozenset[str]:
    """Return what people are called in small letters: given names and their short forms."""
    short = {word for row in lexicon.rows("nicknames_en") for word in row}
    return lexicon.given_any() | short
