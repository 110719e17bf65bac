"""What stands beside an address in Latin letters, looked at from many places of one text."""

import pytest

from anonymizer.page import Page
from anonymizer.recognizers import address
from anonymizer.recognizers.address_sides import Sides


@pytest.mark.parametrize(
    ("text", "at", "start"),
    [
        ("she is at Flat 2b, 16 Dock Rd", "16", "Flat"),
        ("at Rose Cottage, 4 Back Lane", "4", "Rose"),
        ("c/o Mrs Dyer, unit 4, 9 Elm Way", "9", "c/o"),
        ("due on: 16 Dock Rd", "16", "16"),
        ("she lives at 16 Dock Rd", "16", "16"),
    ],
)
def test_a_flat_and_the_name_of_a_house_stand_before_the_number(text: str, at: str, start: str) -> None:
    assert Sides(text).left(text.index(at)) == (text.index(start), start != at)


@pytest.mark.parametrize(
    ("text", "street", "whole", "sure"),
    [
        ("16 Dock Rd, Flat 2, Cardiff CF10 4AA. Next", "16 Dock Rd", "16 Dock Rd, Flat 2, Cardiff CF10 4AA", True),
        ("16 dock rd cardiff", "16 dock rd", "16 dock rd cardiff", True),
        ("16 dock rd. cardiff", "16 dock rd", "16 dock rd", False),
    ],
)
def test_the_flat_the_town_and_the_code_stand_behind_the_street(text: str, street: str, whole: str, sure: bool) -> None:
    assert Sides(text).right(len(street), small=street.islower()) == (len(whole), sure)


@pytest.mark.parametrize("text", ["16 Dock Rd, Flat 2, Penylan, wa 6155", "c/o Mrs Dyer, unit 4, 9 elm way, penylan"])
def test_no_question_changes_the_answer_to_another(text: str) -> None:
    asked, places = Sides(text), range(len(text) + 1)
    for small in (False, True):
        for end in places:
            assert asked.right(end, small=small) == Sides(text).right(end, small=small)
    for start in places:
        assert asked.left(start) == Sides(text).left(start)


@pytest.mark.parametrize(
    "text",
    [
        "グリーンタワー西301号",
        "Kantstrasse 12, 10623 Berlin",
        "Rue de Lille 4, boîte 3, 1000 Bruxelles",
        "Kakuozan 1-13-2",
        "Bell Lane, number 4",
        "Camden St, 41a, Dublin",
        "ul. Lipowa 4",
    ],
)
def test_an_address_is_whole_though_its_sure_part_is_looked_for_first(text: str) -> None:
    assert text in [text[span.start : span.end] for span in address.find(Page(text))]
