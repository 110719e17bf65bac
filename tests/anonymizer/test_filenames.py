"""File names lose their owner and keep what they are."""

import pytest

from anonymizer.filenames import anonymise_filename
from anonymizer.model import Identity


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("履歴書_山田太郎.pdf", "履歴書_人物A.pdf"),
        ("職務経歴書（佐藤花子）.docx", "職務経歴書_人物A.docx"),
        ("resume_yamada.pdf", "resume_人物A.pdf"),
        ("YamadaTaro_CV_2024.docx", "人物A_CV_2024.docx"),
        ("emily-johnson-resume.pdf", "人物A-resume.pdf"),
        ("%E5%B1%A5%E6%AD%B4%E6%9B%B8_%E5%B1%B1%E7%94%B0.pdf", "履歴書_人物A.pdf"),
        ("=?UTF-8?B?5bGx55Sw5aSq6YOO?=.pdf", "人物A.pdf"),
        ("UTF-8''%E5%B1%B1%E7%94%B0%E5%A4%AA%E9%83%8E.pdf", "人物A.pdf"),
        ("19900401_山田.xlsx", "人物A.xlsx"),
        ("CV-final-v2.pdf", "CV-final-v2.pdf"),
        ("応募書類.tar.gz", "応募書類.tar.gz"),
        ("", ""),
    ],
)
def test_file_names(name: str, out: str) -> None:
    assert anonymise_filename(name) == out


def test_a_known_participant_goes_from_a_file_name() -> None:
    known = [Identity(name="凪 颯", romaji="Hayate Nagi", role="candidate")]
    assert anonymise_filename("hnagi_cv.pdf", known) == "候補者_cv.pdf"
