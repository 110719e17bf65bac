"""Ordinary papers (data/generated) filled with what Faker makes: names, addresses, numbers that nobody here has chosen.

A slot is a letter or two: {P} a person, {Q} {O} others, {F} {G} family and given name of {P}, {K} {R} its kana and
romaji; {A} {Z} {T} {M} {B} {I} {N} as in `records.CODES`. What stands between the slots is nobody's.
"""

import random
import re
from collections.abc import Callable
from functools import cache
from importlib import resources

from faker import Faker

from anonymizer.model import Identity
from tests.anonymizer.records import CODES, Record

_SLOT = re.compile(r"\{([A-Z]2?)\}")
#: Slots that are a person's name in one form or another, and an employee's number.
_KINDS = CODES | dict.fromkeys("QOFGKR", "PERSON") | {"M2": "EMAIL", "L": "ID_NUMBER"}
_BANKS = ("北浜みらい", "あおば", "さくら中央", "三陸")
_BRANCHES = ("本店", "渋谷支店", "梅田支店", "天神支店")
_DAYS_EN = ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")
Values = dict[str, str]


def generated(seed: int, count: int) -> list[Record]:
    """``count`` papers, three of five in Japanese; the same for the same seed."""
    rng = random.Random(seed)
    Faker.seed(seed)
    makers: dict[str, Callable[[random.Random], Values]] = {"ja": _japanese, "en": _english}
    records = []
    for number in range(count):
        lang = "ja" if rng.random() < 0.6 else "en"
        values = makers[lang](rng)
        text, spans = _filled(rng.choice(_papers(lang)), values)
        people = tuple(Identity(name=values[slot]) for slot in ("P", "Q", "O"))
        records.append(Record(f"generated-{seed}-{number}", "A", lang, text, spans, people))
    return records


@cache
def _papers(lang: str) -> list[str]:
    text = resources.files(__package__).joinpath("data", "generated", f"{lang}.txt").read_text(encoding="utf-8")
    return text.strip("\n").split("\n---\n")


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)


def _filled(paper: str, values: Values) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    text, spans, at = "", [], 0
    for slot in _SLOT.finditer(paper):
        text += paper[at : slot.start()]
        spans.append((_KINDS[slot[1]], len(text), len(text) + len(values[slot[1]])))
        text += values[slot[1]]
        at = slot.end()
    return text + paper[at:], tuple(spans)


def _japanese(rng: random.Random) -> Values:
    fake = _faker("ja_JP")
    family, given = fake.last_name(), fake.first_name()
    joint = rng.choice((" ", "　", ""))
    return {
        "P": family + joint + given,
        "F": family,
        "G": given,
        "Q": fake.last_name() + rng.choice((" ", "")) + fake.first_name(),
        "O": fake.last_name(),
        "K": f"{fake.last_kana_name()} {fake.first_kana_name()}",
        "R": f"{fake.last_romanized_name()} {fake.first_romanized_name()}",
        "A": _address(rng, fake),
        "Z": rng.choice(("", "〒")) + fake.postcode(),
        "T": _telephone(rng, fake),
        "M": fake.email(),
        "M2": fake.email(),
        "B": _birthday(rng, fake),
        "I": _my_number(rng),
        "N": f"{rng.choice(_BANKS)}銀行 {rng.choice(_BRANCHES)} 普通 {rng.randint(10**6, 10**7 - 1)}",
        "L": rng.choice(("E", "S", "EMP-")) + str(rng.randint(1000, 99_999)),
    }


def _address(rng: random.Random, fake: Faker) -> str:
    one, two, three = rng.randint(1, 9), rng.randint(1, 40), rng.randint(1, 30)
    lot = rng.choice(
        (
            fake.chome() + fake.ban() + fake.gou(),
            f"{one}-{two}-{three}",
            f"{rng.randint(1, 19_999)}番地",
            f"{rng.randint(1, 19_999)}番地{three}",
            f"{one}丁目{two}-{three}",
        )
    )
    room = rng.randint(101, 909)
    building = rng.choice(
        (
            "",
            f" {fake.building_name()}{fake.building_number()}",
            f" {fake.building_name()}{fake.town()}{room}",
            f"　{fake.building_name()}{room}号室",
        )
    )
    return f"{fake.administrative_unit()}{fake.city()}{fake.town()}{lot}{building}"


def _telephone(rng: random.Random, fake: Faker) -> str:
    middle, last = rng.randint(1000, 9999), rng.randint(1000, 9999)
    return rng.choice(
        (
            fake.phone_number(),
            f"090-{middle}-{last}",
            f"080{middle}{last}",
            f"070 {middle} {last}",
            f"0{rng.randint(3, 6)}({middle}){last}",
            f"0{rng.randint(22, 99)}-{rng.randint(100, 999)}-{last}",
        )
    )


def _birthday(rng: random.Random, fake: Faker) -> str:
    day = fake.date_of_birth(minimum_age=19, maximum_age=62)
    era, letter, first = ("平成", "H", 1988) if day.year > 1989 else ("昭和", "S", 1925)
    return rng.choice(
        (
            day.isoformat(),
            f"{day.year}年{day.month}月{day.day}日",
            day.strftime("%Y/%m/%d"),
            f"{era}{day.year - first}年{day.month}月{day.day}日",
            f"{letter}{day.year - first}.{day.month}.{day.day}",
            day.strftime("%Y%m%d"),
        )
    )


def _my_number(rng: random.Random) -> str:
    """Twelve digits with their check digit (行政手続における特定の個人を識別するための番号, 総務省令85号 5条)."""
    digits = [rng.randint(0, 9) for _ in range(11)]
    rest = sum(digit * (place + 2 if place < 6 else place - 4) for place, digit in enumerate(reversed(digits))) % 11
    number = "".join(map(str, digits)) + str(0 if rest <= 1 else 11 - rest)
    return rng.choice((number, f"{number[:4]} {number[4:8]} {number[8:]}", f"{number[:4]}-{number[4:8]}-{number[8:]}"))


def _english(rng: random.Random) -> Values:
    fake = _faker(rng.choice(("en_US", "en_US", "en_GB")))
    given, family = fake.first_name(), fake.last_name()
    address = fake.address()
    return {
        "P": f"{given} {family}",
        "F": family,
        "G": given,
        "Q": f"{fake.first_name()} {fake.last_name()}",
        "O": fake.first_name(),
        "A": address if rng.random() < 0.4 else address.replace("\n", ", "),
        "Z": fake.postcode(),
        "T": fake.phone_number(),
        "M": fake.email(),
        "B": fake.date_of_birth(minimum_age=19, maximum_age=62).strftime(rng.choice(_DAYS_EN)),
        "I": _faker("en_US").ssn(),
        "N": fake.iban(),
        "L": rng.choice(("E", "S", "EMP-")) + str(rng.randint(1000, 99_999)),
    }
