"""What is read again: a replacement changes what stands around the rest, which may then be a name or a number.

Only the lines are read in which a placeholder stands open. They are gathered into one page, as a page costs as much
by itself as some forty characters do.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from anonymizer.forms import View
from anonymizer.model import Span
from anonymizer.normalise import WALL
from anonymizer.page import PAGE_CHARS_MAX, LineCache, Page
from anonymizer.recognizers.skipping import compiled

# Lines so near to each other are one stretch: what stands between may belong to both.
NEAR_CHARS = 40
# Such words begin neither a name nor a number, nor do they say that one comes which did not say so before.
_PLAIN_WORDS = (
    "about|accepted|after|again|and|are|as|at|because|before|but|by|can|caught|did|drives|ends|explained|for|from|had|has"
    "|here|if|in|is|knows|last|left|lives|may|moved|must|never|next|not|now|of|on|or|originally|plans|prefers|ran|said|says"
    "|since|so|starts|still|then|thinks|to|until|wants|was|were|when|which|while|who|will|with|worked|works|would|wrote"
)
# The next field of a form on the same line.
_CAPTIONS = (
    r"(?:生年月日|年齢|性別|住所|電話|携帯|携帯電話|メール|担当|[一-鿿]{0,4}番号|名義|国籍|続柄|支店|所属|フリガナ"
    r"|(?i:nationality|e-?mail|phone|tel|mobile|gender|date[ ]of[ ]birth|place[ ]of[ ]birth|sort[ ]code|position"
    r"|(?:account|staff|employee|routing|passport)[ ](?:no\.?|number)))(?=[ :])"
)
# What it is a date of may have gone with the placeholder.
_DATE = r"(?:19|20)[0-9]{2}[年/.-][0-9]"
_CLOSING = (
    rf"\n|\Z|{WALL}|[、。.,;:|)」』〕\]<>・?!\"=/→【](?!{_DATE})|[(（「](?![0-9])|-[ ](?![0-9])"
    r"|(?:さん|様|氏|殿|ちゃん|生まれ|入社|卒|在住|在籍|勤務)(?![0-9])|(?:くん|君|さま|先生|課長|部長)[、。のはがをにもと]"
    r"|(?:生|方|宛|名義)(?:[、。\n]|[ ]?[(](?![0-9])|\Z)|-san(?![A-Za-z0-9])"
    r"|(?:は|が|を|に|へ|も|の|と|から|まで|より|です|では|での|でし|でござ|なので|にて|で(?![ぁ-ん])|だ(?:と|が|から)|など"
    r"|または|らしい|ため|っす)(?![ァ-ヿ0-9])"
    # What somebody reads, behind the name of a school.
    r"|(?<=[ \u3000])[一-鿿]{1,7}(?:学部|学科|研究科|専攻)(?![一-鿿0-9])"
    # The time of day.
    r"|(?<=[ \u3000])[0-9]{1,2}:[0-9]{2}(?![0-9:])"
    rf"|(?<=[ ])(?:(?:{_PLAIN_WORDS})(?![^ ,.;:?!\n])|{_CAPTIONS})"
)
# Before it, what may now end there: yamada@example.com34歳. Of kanji, those that end captions (氏名, 住所) do not, nor
# does the mark of a list or what stands before an age (満34歳) or a number.
_OPENING = (
    rf"(?<=[0-9A-Za-z@._ァ-ヿ一-鿿々-])(?<![名話号日月所先者籍齢帯定別宛])(?<![\n \u3000{WALL}]・)"
    r"(?<![(、 ]満)(?<![\n ]TEL)"
)
# Each run of placeholders is looked at once, from its first character.
_OPEN = compiled(rf"(?<!{WALL})(?:{_OPENING}{WALL}|(?>{WALL}+)(?![ \t\u3000]*(?:{_CLOSING})))")
# Parts the stretches of a page: no pattern goes over it, and lines begin and end there.
_JOINT = f"\n{WALL}\n"


def changed(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of whole lines that hold an open placeholder, those apart by a few short lines as one.

    Open is one beside which something may now read as a name or a number: 〔人物A〕東山, 〔住所〕 Tokyo office.
    Before a closed one stands a mark, a blank or a caption, behind it the end of a line, a mark, an honorific, a
    particle, a plain word, a caption or the next placeholder.
    """
    start, stop, found = 0, 0, _OPEN.search(text)
    while found:
        at = found.start()
        first = text.rfind("\n", 0, at) + 1
        if stop and first - stop > NEAR_CHARS:
            yield start, stop
        if not stop or first - stop > NEAR_CHARS:
            start = first
        line_end = text.find("\n", at)
        stop = line_end + 1 if line_end >= 0 else len(text)
        found = _OPEN.search(text, stop)
    if stop:
        yield start, stop


@dataclass(frozen=True, slots=True)
class Gathered:
    """Stretches of a text in one page: those that begin at ``starts`` of it stand at ``origins`` of the text."""

    page: Page
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def back(self, spans: Iterable[Span]) -> Iterator[Span]:
        """Yield the spans with offsets into the text, without those that go from one stretch to another."""
        for span in spans:
            number = bisect_right(self.starts, span.start) - 1
            following = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.page.text) + len(_JOINT)
            if span.end <= following - len(_JOINT):
                yield span.shifted(self.origins[number] - self.starts[number])


class Searched(NamedTuple):
    """A text to look for names in, and how what is found there goes to where it stands in the whole."""

    view: View
    back: Callable[[Iterable[Span]], Iterator[Span]]


def searchable(gathered: Gathered) -> Searched:
    """Return gathered lines for the search for names."""
    return Searched(View(gathered.page.text, (gathered.page,)), gathered.back)


def alone(page: Page) -> Gathered:
    """Return a page that is one stretch."""
    return Gathered(page, (0,), (page.offset,))


def gathered(parts: Iterable[Page], lines: LineCache) -> Iterator[Gathered]:
    """Put pages together into as few as their size allows."""
    texts: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    size = 0
    for part in parts:
        if texts and size + len(part.text) > PAGE_CHARS_MAX:
            yield Gathered(Page(_JOINT.join(texts), 0, lines), tuple(starts), tuple(origins))
            texts, starts, origins, size = [], [], [], 0
        texts.append(part.text)
        starts.append(size)
        origins.append(part.offset)
        size += len(part.text) + len(_JOINT)
    if texts:
        yield Gathered(Page(_JOINT.join(texts), 0, lines), tuple(starts), tuple(origins))
