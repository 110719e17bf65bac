"""File names that go along with a text: 履歴書_山田太郎.pdf becomes 履歴書_人物A.pdf."""

import re
from collections.abc import Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Literal
from urllib.parse import unquote

from anonymizer import lexicon
from anonymizer.engine import anonymise
from anonymizer.model import Identity
from anonymizer.normalise import normalise

FILENAME_CHARS_MAX = 255
_EXTENSION = re.compile(r"(?:\.[A-Za-z0-9]{1,8}){1,2}$")
_RFC2231 = re.compile(r"^[\w-]{2,20}'[\w-]{0,10}'(?P<value>.*%[0-9A-Fa-f]{2}.*)$")
_SEPARATORS = re.compile(r"[_\-()\[\]{}+,;~&'.\s]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PLACEHOLDER_MARKS = str.maketrans("", "", "〔〕[]/\\")
# A birth date or a number of a person; a year or a version is shorter.
_LONG_NUMBER = re.compile(
    r"(?<![0-9])(?:19[3-9][0-9]|20[01][0-9])(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])(?![0-9])|(?<![0-9])[0-9]{9,}(?![0-9])"
)


def decoded_filename(name: str) -> str:
    """Undo what mail and web do to a file name: percent encoding, RFC 2231 and RFC 2047."""
    extended = _RFC2231.match(name)
    name = unquote(extended.group("value") if extended else name)
    if "=?" in name:
        try:
            name = str(make_header(decode_header(name)))
        except (HeaderParseError, LookupError, UnicodeDecodeError):
            return name
    return name


def anonymise_filename(
    name: str, identities: Sequence[Identity] = (), lang: Literal["ja", "en", "mixed"] = "ja"
) -> str:
    """Return a file name without identifying parts; the extension and words like 履歴書 or CV stay."""
    view = normalise(decoded_filename(name)[-FILENAME_CHARS_MAX:]).text
    found = _EXTENSION.search(view)
    stem, extension = (view[: found.start()], found.group()) if found else (view, "")
    words = _CAMEL.sub("_", stem)
    spaced = " ".join(_as_name(word) for word in _SEPARATORS.sub(" ", words).split())
    stripped = anonymise(spaced, identities, lang).text
    kept = [_word(word, lang) for word in stripped.split(" ")]
    joiner = "_" if "_" in words or "-" not in stem else "-"
    return joiner.join(word for word in kept if word).translate(_PLACEHOLDER_MARKS) + extension


def _as_name(word: str) -> str:
    """Give a name in small letters its capital, so that it is read as in a text: emily-johnson."""
    known = word.islower() and word.isascii() and word in lexicon.latin_names() - lexicon.words("capitalised")
    return word.capitalize() if known else word


def _word(word: str, lang: str) -> str:
    """Judge a single word more strictly than running text: a file is named after its owner."""
    if _LONG_NUMBER.fullmatch(word):
        return ""
    plain = lexicon.plain(word)
    names = lexicon.words("surname_ja") | lexicon.words("given_ja") | lexicon.given_strong()
    if plain in names - lexicon.words("capitalised"):
        return "Person" if lang == "en" else "人物"
    return word
