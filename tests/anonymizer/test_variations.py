"""Classes of writing in many voices: whatever parts the digits, the date or the address, it goes whole."""

from importlib import resources

import pytest

from anonymizer.engine import anonymise


def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    text = resources.files(__package__ or "").joinpath("data/variations.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line.replace("\\n", "\n").replace("\\t", "\t"))
    return sections


_SECTIONS = _sections()


def _left(line: str) -> str:
    """Return what stays readable between ⟦ and ⟧ of a line, and nothing where two characters in a row do not."""
    before, rest = line.split("⟦")
    inside, after = rest.split("⟧")
    gone = {at for found in anonymise(before + inside + after).findings for at in range(found.start, found.end)}
    left = "".join("\0" if len(before) + at in gone else char for at, char in enumerate(inside))
    return "" if all(sum(map(str.isalnum, run)) < 2 for run in left.split("\0")) else left.replace("\0", "_")


@pytest.mark.parametrize("section", sorted(_SECTIONS.keys() - {"stays"}))
def test_it_goes_whole_however_it_is_written(section: str) -> None:
    leaks = {line: left for line in _SECTIONS[section] if (left := _left(line))}
    assert not leaks
    assert _SECTIONS[section]


def test_numbers_and_names_of_things_stay() -> None:
    assert [line for line in _SECTIONS["stays"] if anonymise(line).text != line] == []


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        (
            "ご住所は茨城県江東区中小来川29-15-16でお間違いないでしょうか。",
            "ご住所は〔茨城県〕でお間違いないでしょうか。",
        ),
        ("斉藤様より入電", "〔人物A〕様より入電"),
        ("I, Hunter Romero, born on May 02, 1992. I live here.", "I, 〔人物A〕, born on 〔生年月日〕. I live here."),
        ("Applicant Alice Gill, 6 Hayward Mount, North William, M1 4SN", "Applicant 〔人物A〕, 〔住所〕"),
        (
            "a,Lucas Black,25.11.1968,907.325.1288x689,ju@example.com",
            "a,〔人物A〕,〔生年月日〕,〔電話番号〕,〔メール〕",
        ),
        (
            "名前 中川太一\n現年収 480万円\n備考 小川 智也さんの紹介",
            "名前 〔人物A〕\n現年収 480万円\n備考 〔人物B〕さんの紹介",
        ),
    ],
)
def test_what_stands_beside_it_stays(text: str, stripped: str) -> None:
    assert anonymise(text).text == stripped
