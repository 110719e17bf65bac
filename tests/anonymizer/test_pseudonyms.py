"""The id of a candidate or an applicant in the ATS stays wherever it stands; every other number of a person goes."""

import pytest

from anonymizer.engine import anonymise

_STAYS = (
    # In a line, behind a caption; most have the form of something that goes.
    ("応募者ID: 1180-99231-4", "1180-99231-4"),
    ("応募者番号 AB1234567", "AB1234567"),
    ("応募者番号／AB1234567 をお控えください", "AB1234567"),
    ("応募者の番号は AB1234567 です", "AB1234567"),
    ("応募番号 1234 5678 9012", "1234 5678 9012"),
    ("応募番号は一二三四五です", "一二三四五"),
    ("応募者管理番号【AB1234567】", "AB1234567"),
    ("応募者整理番号 0047118", "0047118"),
    ("応募者ＩＤ：ＡＢ１２３４５６７", "ＡＢ１２３４５６７"),
    ("応募者ID 123456789018", "123456789018"),
    ("■応募者ID\nAB1234567", "AB1234567"),
    ("候補者コード=XQ771204", "XQ771204"),
    ("候補者（ID: QX-20391）", "QX-20391"),
    ("候補者ID「AB1234567」", "AB1234567"),
    ("エントリー番号 Entry no.: AB1234567", "AB1234567"),
    ("エントリーID → AB1234567", "AB1234567"),
    ("ATS番号 40718-2207", "40718-2207"),
    ("candidate ID AB1234567", "AB1234567"),
    ("Candidate no. 118-204-4410", "118-204-4410"),
    ("candidate reference: KV-2207-118", "KV-2207-118"),
    ("The candidate's ID is 448 102 77", "448 102 77"),
    ("Your applicant number is AB1234567.", "AB1234567"),
    ("Applicant ID (portal): AB1234567", "AB1234567"),
    ("Applicant no.: 118/204/4410", "118/204/4410"),
    ("application ref 5520-118-77", "5520-118-77"),
    ("Application record no.: AB1234567", "AB1234567"),
    ("your application (ref: 118-204-4410) has been received", "118-204-4410"),
    ("Your application - reference AB1234567", "AB1234567"),
    ("cand. no. 118-204-4410", "118-204-4410"),
    ('{"candidate_id": "1180-204-44", "stage": "offer"}', "1180-204-44"),
    ('{"applicantId": "4481-027-55"}', "4481-027-55"),
    # In brackets, behind a name.
    ("応募者：佐藤 光 様(ID:MYN-118-4402)", "MYN-118-4402"),
    ("応募者：佐藤 光 様（番号：118-4402）", "118-4402"),
    ("佐藤 光（応募者ID AB1234567）", "AB1234567"),
    ("候補者：佐藤 光 / QX-20391", "QX-20391"),
    ("Applicant: Ann Lee, ID 4418-2290-1", "4418-2290-1"),
    ("Applicant Ann Lee (ID 204 188 21)", "204 188 21"),
    ("Candidate: Ann Lee [ID 448-102-771]", "448-102-771"),
    ("Candidate: Ann Lee / TW-4410", "TW-4410"),
    ("候補者一覧\n1. 佐藤 光(K-2207)\n2. 鈴木 葵(K-2318)", "K-2318"),
    ("Shortlist\n- Anna Lee / TW-4410\n- James Carter / TW-4471", "TW-4410"),
    # In a column.
    ("氏名,応募者ID\n佐藤 光,AB1234567\n", "AB1234567"),
    ("応募者番号\t氏名\n118-204-4410\t佐藤 光", "118-204-4410"),
    ("|候補者番号|氏名|\n|---|---|\n|AB1234567|佐藤 光|", "AB1234567"),
    ("エントリーNo. / 氏名\nAB1234567 / 佐藤 光", "AB1234567"),
    ("candidate_id,name\nAB1234567,Ann Lee", "AB1234567"),
    ("name;applicant_number;room\nAnn Lee;118-204-4410;B2", "118-204-4410"),
    ('"Applicant ID","Name"\n"0044-18204-77","Ann Lee"', "0044-18204-77"),
    ("application ref | name\n118-204-4410-22 | Ann Lee", "118-204-4410-22"),
)
_GOES = (
    # Another number of the same person.
    ("応募者の社員番号 A04418", "A04418"),
    ("応募者の被保険者番号 5013-284917-6", "5013-284917"),
    ("候補者の会員番号 000-88120-4", "88120"),
    ("候補者の社員証(番号:12345)", "12345"),
    ("応募者 パスポート(番号:TK1234567)", "TK1234567"),
    ("応募者：佐藤 光（TK1234567）", "TK1234567"),
    ("応募者：佐藤 光(社員番号:A04418)", "A04418"),
    ("応募者番号 C-118、学籍番号 21C0418", "21C0418"),
    ("応募者個人番号 123456789018", "1234"),
    ("応募者の受験番号 B-0772", "0772"),
    ("Candidate staff ID 30718", "30718"),
    ("Candidate's passport no. TR1234567", "TR1234567"),
    ("Candidate Passport (No. TR1234567)", "TR1234567"),
    ("Candidate: Ann Lee, employee no. 30718", "30718"),
    ("Candidate Ann Lee Passport No. TR1234567", "TR1234567"),
    ("Applicant NI no. QQ 48 20 71 C", "48 20 71"),
    ("candidate tax ID 64 918 273 550", "918 273"),
    ("visa application number 2204418", "2204418"),
    ("passport application no. 2204-4182-77", "4182"),
    # A telephone, whatever it is called.
    ("候補者 090-1234-5678（番号違い）", "1234"),
    ("候補者番号 090-1234-5678", "1234"),
    ("応募者番号 03 1234 5678", "1234"),
    ("受付 03-1234-5678 番号はこちら", "1234"),
    ("The candidate's number is 305-555-0148", "555"),
    ("candidate_id,phone\n090-1234-5678,QX-118", "1234"),
    # Who is no candidate.
    ("受検者ID → MQX-440218", "440218"),
    ("Worker: Ann Lee   Ref QK2290", "QK2290"),
    ("鵜飼 里奈 様（ID：QRT-220-4418）", "220-4418"),
    ("社員一覧\n1. 佐藤 光(K-2207)\n2. 鈴木 葵(K-2318)", "K-2318"),
    ("候補者一覧\n1. 佐藤 光(K-2207)\n2. 鈴木 葵(K-2318)\n面接官\n1. 高橋 大輔(M-4410)\n2. 伊藤 翼(M-4471)", "M-4410"),
    ("応募者ID,社員番号,氏名\nMYN-118-4402,A04418,佐藤 光", "A04418"),
    ("candidate_id,staff_no,name\nQX-118,H-40718,Ann Lee", "H-40718"),
)
# A caption for a number before what is no number of anybody.
_PHRASES = (
    "employee code of conduct 2026",
    "staff code of ethics 2025-26",
    "member code of practice 2026",
    "licence fee 4471",
    "passport fee 16500",
    "LICENCE FEE 4471",
    "visa quota 65000",
    "licence server 27000",
    "license version 2026.1",
    "pension fund 2026",
    "pension 12000 a year",
    "payroll run 2026-04",
    "residence tax 12000",
    "registration desk 4471",
    "photo size 4032x3024",
    "plate 4471 mm",
    "enrollment 2026 closes",
    "personnel file 2026",
    "employee id card 2026 design",
    "employee code 2026 edition",
    "tax code 2026 changes",
    "免許手数料 2500",
    "パスポート申請料 16500",
    "パスポートセンター 2026",
    "年金制度2026",
    "年金額 12000",
    "社員コード体系 2026",
    "保険証コピー 2026",
    "在留外国人数 3223",
)
_STILL_NUMBERS = (
    ("employee no. 2019", "2019"),
    ("Employee code: 2019", "2019"),
    ("staff code abc 12345", "12345"),
    ("payroll no: mem 44718", "44718"),
    ("licence no. fee 4471", "4471"),
    ("passport TK 1234567", "1234567"),
    ("tax file no. 918 273 550", "918"),
    ("社員番号 2019", "2019"),
    ("社番2019", "2019"),
    ("受験番号(2019)", "2019"),
)


@pytest.mark.parametrize(("text", "code"), _STAYS)
def test_the_id_of_a_candidate_stays(text: str, code: str) -> None:
    assert code in anonymise(text).text


@pytest.mark.parametrize(("text", "number"), _GOES)
def test_other_numbers_of_a_candidate_go(text: str, number: str) -> None:
    assert number not in anonymise(text).text


@pytest.mark.parametrize("text", _PHRASES)
def test_a_caption_before_an_ordinary_phrase_takes_nothing(text: str) -> None:
    assert anonymise(text).text == text


@pytest.mark.parametrize(("text", "number"), _STILL_NUMBERS)
def test_a_number_that_looks_like_a_phrase_goes(text: str, number: str) -> None:
    assert number not in anonymise(text).text
