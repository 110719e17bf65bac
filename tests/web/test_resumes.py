"""A résumé is read in memory by a child with limits, shown de-identified beside the original, and never kept."""

import io
import re
import zipfile

import docx
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from anonymizer.engine import anonymise
from crm.profile import resume_fields
from crm.profile.forms import SUMMARY_CHARS_MAX
from tests.web import story
from tests.web.browser import Browser
from tests.web.conftest import CANDIDATE, Site
from tests.web.snapshot import every_row
from web import resumes
from web.problems import Problem
from web.resume_child import PAGES_MAX, TEXT_CHARS_MAX, UnreadableResume, text_of

RESUME = """履歴書
氏名: 山田 太郎
生年月日 1990年4月1日
現住所 〒105-0001 東京都港区架空1-2-3
電話 090-1234-5678
メール taro.yamada@example.com

希望職種: 法人営業

■職務要約
山田商事株式会社で法人営業を6年経験しました。部品メーカー30社を担当。

■学歴
2013年3月 架空大学 経済学部 卒業

■資格
日商簿記2級、普通自動車第一種運転免許
TOEIC 800点
"""
SECRETS = ("太郎", "1990", "架空1-2-3", "090-1234-5678", "taro.yamada", "山田商事")


def docx_file(text: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    document.core_properties.author = "Hidden Author"
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "希望職種", "経理"
    for line in text.splitlines():
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def pdf_file(text: str, pages: int = 1, font: str = "HeiseiKakuGo-W5", password: str | None = None) -> bytes:
    out = io.BytesIO()
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiKakuGo-W5"))
    sheet = canvas.Canvas(out, encrypt=password)
    for _ in range(pages):
        sheet.setFont(font, 10)
        for number, line in enumerate(text.splitlines()):
            sheet.drawString(50, 800 - 15 * number, line)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def at_profile(site: Site) -> Browser:
    browser = site.stranger()
    browser.open(site.path(site.offer().relay_url))
    browser.press("プロフィールの入力へ", mail=CANDIDATE)
    return browser


def upload(browser: Browser, data: bytes, name: str = "resume.pdf") -> Browser:
    (form,) = [form for form in browser.page.forms if form.action.endswith("/resume")]
    fields = {key: value for key, value in form.fields if key not in ("resume", "file")}
    boundary, body = encode_multipart(fields | {"file": FileStorage(io.BytesIO(data), name)})
    browser._take(browser.client.post(form.action, data=body, content_type=f"multipart/form-data; boundary={boundary}"))
    return browser


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (docx_file("法人営業を6年"), "法人営業を6年"),
        (docx_file("x"), "希望職種"),  # in a table
        (pdf_file("Accounting, 6 years", font="Helvetica"), "Accounting, 6 years"),
        (pdf_file("法人営業を6年"), "法人営業を6年"),
        ("職務経歴".encode("cp932"), "職務経歴"),
        ("職務経歴".encode(), "職務経歴"),
        ("職務経歴".encode("utf-16"), "職務経歴"),
    ],
)
def test_the_usual_files_can_be_read(data: bytes, said: str) -> None:
    text = text_of(data)
    assert said in text
    assert "Hidden Author" not in text


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(6):
            packed.writestr(f"word/{number}.xml", b"0" * 10_000_000)
    return out.getvalue()


def _many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for number in range(1_001):
            packed.writestr(f"{number}", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_bomb(), "size"),
        (_many_entries(), "size"),
        (b"PK\x03\x04 nonsense", "damaged"),
        (b"%PDF-1.7 nonsense", "damaged"),
        (docx_file("x")[:500], "damaged"),
        (pdf_file("x", PAGES_MAX + 1, font="Helvetica"), "pages"),
        (pdf_file("x", font="Helvetica", password="secret"), "locked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old Word", "kind"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "kind"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableResume, match=f"^{why}$"):
        text_of(data)


def test_the_child_reads_and_ends_with_its_limits(sqlite_site: Site) -> None:
    """Through the real process: text comes back, a bomb costs one word, and too long a text is cut."""
    with sqlite_site.app.test_request_context():
        assert resumes.text_of_file("職務経歴".encode()) == "職務経歴"
        bomb = resumes.text_of_file(_bomb())
        assert isinstance(bomb, Problem)
        assert "大きすぎます" in bomb.text
        long = resumes.text_of_file(b"a" * (TEXT_CHARS_MAX * 3))
    assert isinstance(long, str)
    assert len(long) == TEXT_CHARS_MAX + 1


def test_a_pasted_resume_is_shown_beside_its_de_identified_form_and_fills_the_profile(sqlite_site: Site) -> None:
    browser = at_profile(sqlite_site)
    before = every_row(sqlite_site.runtime)
    browser.press("読み取る", resume=RESUME)
    left, right = re.findall(r'<div class="beside-text".*?</div>', browser.html, re.DOTALL)
    assert all(secret in left for secret in SECRETS)
    assert not [secret for secret in SECRETS if secret in right]
    reasons = re.findall(r"<li><del>(.*?)</del> (.*?)</li>", browser.html)
    grounds = dict(reasons)
    assert len(reasons) == right.count("<ins>")
    assert "電話番号。根拠: 書き方の形、桁、見出し" in grounds["090-1234-5678"]
    assert "(mobile: 0[5-9]0 and 8 digits)" in grounds["090-1234-5678"]
    assert "根拠: 名前の辞書" in grounds["山田 太郎"]
    (form,) = [form for form in browser.page.forms if form.action.endswith("/preview")]
    fields = dict(form.fields)
    assert (fields["wanted_job"], fields["prefecture"], fields["years"]) == ("法人営業", "13", "6")
    assert fields["education"] == "bachelor"
    assert fields["language_en"] == "business"
    assert "日商簿記2級" in fields["skills"]
    assert "法人営業を6年経験しました" in fields["summary"]
    assert every_row(sqlite_site.runtime) == before


def test_nothing_of_it_is_kept_or_given_unless_it_is_confirmed(sqlite_site: Site) -> None:
    browser = at_profile(sqlite_site)
    browser.press("読み取る", resume=RESUME)
    browser.press("渡す内容を確かめる")
    assert "「渡る文章」を確かめました" in browser.page.text
    story.agree(browser)
    assert "登録を受け付けました" in browser.page.text
    assert "部品メーカー30社" not in browser.page.text
    story.hand_over(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(story.agency_link(sqlite_site))
    assert "部品メーカー30社" not in desk.page.text


def test_a_confirmed_summary_reaches_the_agency_de_identified(sqlite_site: Site) -> None:
    browser = at_profile(sqlite_site)
    browser.press("読み取る", resume=RESUME)
    browser.press("渡す内容を確かめる")
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    boxes = {name: values[0] for name, values in form.choices.items() if name.startswith(("box.profile", "summary_ok"))}
    browser.press("選んだ内容に同意して登録する", **boxes, adult=story.ADULT)
    assert "登録を受け付けました" in browser.page.text
    story.hand_over(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(story.agency_link(sqlite_site))
    assert "部品メーカー30社" in desk.page.text
    assert not [secret for secret in SECRETS if secret in desk.page.text]


def test_a_confirmation_is_of_one_text_only(sqlite_site: Site) -> None:
    """The hash of what was shown comes back; another text beside it is left out."""
    browser = at_profile(sqlite_site)
    browser.press("渡す内容を確かめる", **story.PROFILE, summary="部品メーカー30社を担当しました。")
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    boxes = {name: values[0] for name, values in form.choices.items() if name.startswith("box.profile")}
    browser.press("選んだ内容に同意して登録する", **boxes, adult=story.ADULT, summary_ok="0" * 64)
    assert "登録を受け付けました" in browser.page.text
    assert "部品メーカー30社" not in browser.page.text


def test_an_upload_goes_through_memory_only(sqlite_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger than what Werkzeug would put into a temporary file, which nothing here may open."""

    def forbidden(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a temporary file was opened")

    browser = at_profile(sqlite_site)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", forbidden)
    monkeypatch.setattr("werkzeug.formparser.TemporaryFile", forbidden, raising=False)
    upload(browser, RESUME.encode() + b"\n" * 700_000, "resume.txt")
    assert browser.status == 200
    assert "伏せた文章" in browser.page.text


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (b"a" * (resumes.RESUME_BYTES_MAX + 1), 413, "送信された内容が大きすぎます"),
        (b"%PDF-1.7 nonsense", 422, "このファイルは読み取れませんでした"),
        (b"", 422, "文章を貼り付けるか、ファイルを選んでください"),
        ("マイナンバー 1234 5678 9018".encode(), 422, "マイナンバーと思われる番号"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_form_stays(
    sqlite_site: Site, data: bytes, status: int, told: str
) -> None:
    browser = upload(at_profile(sqlite_site), data)
    assert browser.status == status
    assert told in browser.page.text


def test_other_pages_take_no_large_bodies(sqlite_site: Site) -> None:
    browser = at_profile(sqlite_site)
    path = browser.path.replace("/profile", "/preview")
    assert browser.client.post(path, data={"x": "a" * 400_000}).status_code == 413


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("実務経験 8年", "years", 8),
        ("経理の経験が3年、営業を12年担当", "years", 12),
        ("10 years of experience in sales", "years", 10),
        ("令和2年入社", "years", -1),
        ("現住所 大阪府堺市架空町1 勤務地 東京都", "prefecture", "27"),
        ("架空大学大学院 修士課程 修了", "education", "master"),
        ("架空短期大学 卒業", "education", "college"),
        ("架空高等学校 卒業", "education", "high_school"),
        ("英語: 日常会話", "languages", ("en:daily",)),
        ("TOEIC 900", "languages", ("en:business",)),
        ("昨年まで在籍", "wanted_job", ""),
        ("自己PR\n" + "長い文。" * 400, "summary", ("長い文。" * 400)[:SUMMARY_CHARS_MAX]),
    ],
)
def test_what_a_resume_says_is_read_by_plain_rules(text: str, field: str, value: object) -> None:
    assert getattr(resume_fields.fill(text, anonymise(text), "ja"), field) == value
