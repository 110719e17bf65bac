"""Numbers in the cells of a table go by their header; tables of goods and of requirements stay."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Kind


@pytest.mark.parametrize(
    ("table", "number", "kind"),
    [
        ("氏名,社員番号\n佐藤 光,A04418\n", "A04418", Kind.ID_NUMBER),
        ("|氏名|受験番号|\n|---|---|\n|佐藤 光|B-0772|", "B-0772", Kind.ID_NUMBER),
        ("No / 氏名 / 旅券番号\n1 / NGUYEN VAN AN / C2204418", "C2204418", Kind.ID_NUMBER),
        ("name;student_no;room\nAnn Lee;21C0418;B2", "21C0418", Kind.ID_NUMBER),
        ("name\taccount no\nAnn Lee\t5510-228", "5510-228", Kind.BANK),
        ("name,phone\nAnn Lee,5550 132", "5550 132", Kind.PHONE),
        ("name,dob\nAnn Lee,880412", "880412", Kind.BIRTH_DATE),
        ("name,matriculation no\nAnn Lee,448-291", "448-291", Kind.ID_NUMBER),
        ("name,ni_number\nAnn Lee,448-21", "448-21", Kind.ID_NUMBER),
        ("name,Social Security\nAnn Lee,448-21", "448-21", Kind.ID_NUMBER),
        ("氏名,組合員番号\n佐藤 光,4488", "4488", Kind.ID_NUMBER),
        ("name,sort_code\nAnn Lee,448-21", "448-21", Kind.BANK),
        ("name,cell\nAnn Lee,448-21", "448-21", Kind.PHONE),
    ],
)
def test_a_cell_is_what_its_header_says(table: str, number: str, kind: Kind) -> None:
    found = anonymise(table).findings
    assert (number, kind.value) in [(table[each.start : each.end], each.type) for each in found]


@pytest.mark.parametrize(
    "table",
    [
        "型番,数量\nA04418,300\n",
        "社員番号の桁数,8桁\n部署番号,A0418",
        "req_id,openings,band\nR-20418,3,S4",
        "staff,room\n118 of 200,B204",
        "社員番号,入社年\n(非公開),2019",
    ],
)
def test_tables_without_personal_numbers_stay(table: str) -> None:
    assert anonymise(table).text == table


def test_a_line_with_other_cells_ends_the_table() -> None:
    text = "名,社員番号\n甲,A04418\n\n備考 B2204 を参照, 次, 終わり"
    assert anonymise(text).text.endswith("備考 B2204 を参照, 次, 終わり")
