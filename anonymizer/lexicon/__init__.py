"""Word lists of the anonymiser, read from package data on first use."""

import unicodedata
from functools import cache, lru_cache
from importlib import resources

from anonymizer import name_lists


@cache
def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


@cache
def words(name: str) -> frozenset[str]:
    """Return the words of ``NAME.txt``: separated by white space, lines that begin with # left out."""
    lines = (line for line in _read(f"{name}.txt").splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of ``NAME.tsv``."""
    lines = (line for line in _read(f"{name}.tsv").splitlines() if line and not line.startswith("#"))
    return tuple(tuple(line.split("\t")) for line in lines)


@cache
def given_strong() -> frozenset[str]:
    """Latin given names that need no other evidence than their capital."""
    return (words("given_en") | words("given_ja")) - words("given_en_weak") - words("capitalised")


@cache
def given_any() -> frozenset[str]:
    """Every Latin given name, also those that are ordinary words."""
    return words("given_en") | words("given_en_weak") | words("given_ja")


@cache
def surnames_ja() -> frozenset[str]:
    """Every Latin spelling of a Japanese surname; of the long list, those that are no word and no place."""
    listed = name_lists.lists().family_latin
    known = {spelling for spelling, kanji in listed.items() if kanji not in words("places") and len(spelling) > 3}
    return words("surname_ja") | (known - words("capitalised") - words("given_en_weak") - words("skills"))


@cache
def surnames_ja_plain() -> frozenset[str]:
    """Every Latin spelling of a Japanese surname that is no everyday word even in small letters."""
    return surnames_ja() - words("capitalised")


@cache
def latin_names() -> frozenset[str]:
    """Every Latin given name and surname."""
    return given_any() | surnames_any()


@cache
def surnames_any() -> frozenset[str]:
    """Every Latin surname known."""
    return words("surname_en") | surnames_ja()


@lru_cache(maxsize=8192)
def plain(word: str) -> str:
    """Return a Latin word as the lists hold it: small letters, no accents, no possessive, no full stop."""
    word = word.strip(".,'’").lower()
    word = word[:-2] if word.endswith(("'s", "’s")) else word
    if word.isascii():
        return word
    return "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
