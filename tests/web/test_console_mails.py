"""Mails in the console: what is shown, what a person decides, and that a stranger's mail stays a text."""

import pytest
from sqlalchemy import select

from crm.registry import companies
from gateway.tables import approved_sentence, delivery, mail, review
from rules.model import Mode
from tests.web import mailing, story
from tests.web.conftest import CANDIDATE, COMPANY, Site

_HOSTILE = """
<p onclick="alert(1)">選考結果</p><script>alert(2)</script><img src="https://evil.example.com/pixel.gif" onerror="x()">
<form action="https://evil.example.com"><input name="word"></form><iframe src="https://evil.example.com"></iframe>
<meta http-equiv="refresh" content="0; url=https://evil.example.com"><base href="https://evil.example.com">
<a href="javascript:alert(3)">押して</a><style>body{background:url(https://evil.example.com/x)}</style>
<div style="background-image:url(https://evil.example.com/y);color:red">赤い字</div>
<p>慎重に選考を重ねた結果、誠に残念ながら、今回は採用を見送らせていただくことになりました。</p>
"""
_TEETH = (
    "script", "onclick", "onerror", "evil.example.com", "<form", "<iframe", "http-equiv", "<base", "javascript:"
)  # fmt: skip


def _row(site: Site, mail_id: int) -> tuple[str, str]:
    with site.runtime.read() as tx:
        row = tx.session.execute(select(mail.c.state, mail.c.note).where(mail.c.id == mail_id)).one()
    return row.state, row.note


def _variant(site: Site, mail_id: int) -> str:
    with site.runtime.read() as tx:
        return str(tx.session.scalar(select(delivery.c.variant).where(delivery.c.mail_id == mail_id)))


def test_a_mail_explains_itself(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    text = sqlite_site.signed_in("recruiter").open(f"/console/mails/{mail_id}").text
    for said in (
        "選考結果のご連絡",
        COMPANY,
        CANDIDATE,
        mailing.SENDER,
        "今回は採用を見送らせていただくことになりました",
        "判定の対象ですか 対象",
        "文面は何と言っていますか 不採用の通知",
        "案内を止める言葉はありますか なし",
        "文面のほかに裏づけはありますか あり",
        "採用管理システムで不採用(本日) — 2026年11月21日(土) 12:00 の情報",
        "次のどれかがあれば、判定は変わります",
        "ルールの版 ",
        "この不採用通知に、案内を入れますか",
        "2026年11月21日(土) 13:00 まで待ち",
        "あと60分",
    ):
        assert said in text, said


def test_approving_sends_it_with_the_link(site: Site) -> None:
    mail_id = mailing.arrive(site)
    browser = site.signed_in("recruiter")
    browser.open("/console/queues/held")
    browser.press("案内を入れて送る")
    assert "案内を入れて送ります" in browser.page.text
    assert "保留中のメールはありません" in browser.page.text
    assert _row(site, mail_id) == ("ready", "edited")
    assert _variant(site, mail_id) == "edited"
    text = browser.open(f"/console/mails/{mail_id}").text
    assert "変更前" in text
    assert "変更後" in text
    assert "1バイトも変えていません" in text
    assert "+ " in text
    # The working token belongs to the candidate: not even those who handle the mail can use it.
    assert "/r/••••••" in text
    for variant in ("original", "final"):
        frame = browser.client.get(f"/console/mails/{mail_id}/frame/{variant}").get_data(as_text=True)
        assert ("/r/••••••" in frame) == (variant == "final")


def test_releasing_sends_it_as_it_came(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    browser = sqlite_site.signed_in("recruiter")
    browser.open(f"/console/mails/{mail_id}")
    browser.press("そのまま送る")
    assert _row(sqlite_site, mail_id) == ("ready", "released")
    assert _variant(sqlite_site, mail_id) == "original"


@pytest.mark.parametrize("act", ["approve", "release"])
def test_the_second_answer_finds_it_gone(site: Site, act: str) -> None:
    mail_id = mailing.arrive(site)
    first, second = site.signed_in("recruiter"), site.signed_in("admin")
    first.open("/console/queues/held")
    second.open("/console/queues/held")
    first.press("そのまま送る")
    second.press("案内を入れて送る" if act == "approve" else "そのまま送る")
    assert second.status == 200
    assert "もう保留されていません" in second.page.text
    assert _row(site, mail_id) == ("ready", "released")


def test_a_reviewed_mail_teaches_its_sentence(site: Site) -> None:
    mail_id = mailing.arrive(site, rejected=False)
    browser = site.signed_in("recruiter")
    browser.open("/console/queues/review")
    assert "見送らせていただく" in browser.page.text
    browser.press("不採用通知だった")
    assert "この文を覚えました" in browser.page.text
    assert "見直しを待つメールはありません" in browser.page.text
    with site.runtime.read() as tx:
        assert tx.session.scalar(select(approved_sentence.c.answer)) == "approve"
        assert tx.session.scalar(select(review.c.answer).where(review.c.mail_id == mail_id)) == "rejection"
    # The next mail with the same sentence is sure without the ATS.
    again = mailing.arrive(site, to="jiro@example.com", rejected=False)
    assert _row(site, again)[0] == "held"


def test_a_refused_sentence_is_never_sure_again(sqlite_site: Site) -> None:
    mailing.arrive(sqlite_site, rejected=False)
    browser = sqlite_site.signed_in("recruiter")
    browser.open("/console/queues/review")
    browser.press("不採用通知ではない")
    again = mailing.arrive(sqlite_site, to="jiro@example.com")
    assert _row(sqlite_site, again)[0] == "ready"


def test_an_answer_in_the_queue_of_a_held_mail_may_teach_too(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    browser = sqlite_site.signed_in("recruiter")
    browser.open(f"/console/mails/{mail_id}")
    browser.press("不採用通知の文として承認")
    assert "この文を覚えました" in browser.page.text
    assert _row(sqlite_site, mail_id)[0] == "held"


def test_reporting_a_wrong_link_ends_it_at_once(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    browser = sqlite_site.signed_in("recruiter")
    browser.open("/console/queues/held")
    browser.press("案内を入れて送る")
    browser.open(f"/console/mails/{mail_id}")
    browser.press("まちがいとして報告する")
    assert "リンクを無効にし、会社を「見守り」に戻しました" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        assert companies.get(tx, sqlite_site.company_id).mode is Mode.OBSERVE


def test_a_mail_without_a_link_cannot_be_reported(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    browser = sqlite_site.signed_in("recruiter")
    browser.open(f"/console/mails/{mail_id}")
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    browser.client.post(f"/console/mails/{mail_id}/wrong", data={"csrf_token": token})
    assert "案内は入っていません" in browser.open(f"/console/mails/{mail_id}").text


def test_a_hostile_subject_stays_a_text(sqlite_site: Site) -> None:
    subject = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'選考結果"
    mail_id = mailing.arrive(sqlite_site, mailing.letter(subject))
    browser = sqlite_site.signed_in("admin")
    for path in ("/console/mails/", f"/console/mails/{mail_id}", "/console/queues/held"):
        browser.open(path)
        assert "<script>alert" not in browser.html, path
        assert "<img src=x" not in browser.html, path
        assert "&lt;script&gt;alert" in browser.html, path


def test_a_hostile_letter_is_shown_without_its_teeth(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site, mailing.letter(html=_HOSTILE))
    browser = sqlite_site.signed_in("admin")
    response = browser.client.get(f"/console/mails/{mail_id}/frame/original")
    page = response.get_data(as_text=True)
    assert "見送らせていただく" in page
    assert "赤い字" in page
    for tooth in (
        "script",
        "onclick",
        "onerror",
        "evil.example.com",
        "<form",
        "<iframe",
        "<meta http-equiv",
        "<base",
        "javascript:",
    ):
        assert tooth not in page.lower(), tooth
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "allow-" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    browser.open(f"/console/mails/{mail_id}")
    assert 'sandbox=""' in browser.html


def test_a_letter_of_text_is_escaped_in_its_frame(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site, mailing.letter(text=mailing.REJECTION + "<script>alert(1)</script>"))
    page = sqlite_site.signed_in("admin").client.get(f"/console/mails/{mail_id}/frame/original").get_data(as_text=True)
    assert "&lt;script&gt;" in page


def test_mail_of_nobody_we_look_at_is_not_shown(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site)
    with sqlite_site.runtime.begin() as tx:
        tx.session.execute(mail.update().values(judged=False))
    browser = sqlite_site.signed_in("admin")
    assert "まだ判定したメールがありません" in browser.open("/console/mails/").text
    browser.open(f"/console/mails/{mail_id}")
    assert browser.status == 404


@pytest.mark.parametrize(
    ("show", "count"), [("", 3), ("inject", 1), ("review", 1), ("pass", 1), ("open", 3), ("failed", 0), ("nonsense", 3)]
)
def test_the_list_can_be_narrowed(sqlite_site: Site, show: str, count: int) -> None:
    mailing.arrive(sqlite_site)
    mailing.arrive(sqlite_site, to="jiro@example.com", rejected=False)
    mailing.arrive(
        sqlite_site, mailing.letter(text=mailing.INVITED, to="mika@example.com"), to="mika@example.com", rejected=False
    )
    browser = sqlite_site.signed_in("viewer")
    browser.open(f"/console/mails/?show={show}")
    assert browser.html.count('class="subject') == count


def test_a_long_list_has_pages(sqlite_site: Site) -> None:
    for number in range(33):
        mailing.arrive(sqlite_site, to=f"person{number}@example.com", rejected=False)
    browser = sqlite_site.signed_in("viewer")
    browser.open("/console/mails/")
    assert browser.html.count('class="subject') == 30
    browser.follow("さらに古いメール")
    assert browser.html.count('class="subject') == 3


def test_news_are_counted(sqlite_site: Site) -> None:
    first = mailing.arrive(sqlite_site)
    client = sqlite_site.signed_in("viewer").client
    assert client.get(f"/console/mails/news?after={first}").status_code == 204
    mailing.arrive(sqlite_site, to="jiro@example.com")
    assert client.get(f"/console/mails/news?after={first}").get_json() == {"count": 1}


def test_home_names_only_who_asked_for_it_and_only_to_who_answers_candidates(sqlite_site: Site) -> None:
    for number, tell in enumerate((True, False)):
        mail = f"p{number}@example.com"
        link = sqlite_site.path(sqlite_site.offer(mail, number).relay_url)
        story.agree(story.fill(sqlite_site, link, mail), tell=tell, name=f"見本 {number}子")
    text = sqlite_site.signed_in("recruiter").open("/console/").text
    assert ("見本 0子" in text, "p0@example.com" in text) == (True, True)
    assert "見本 1子" not in text
    assert "見本" not in sqlite_site.signed_in("viewer").open("/console/").text


def test_home_says_what_waits(site: Site) -> None:
    mailing.arrive(site)
    mailing.arrive(site, to="jiro@example.com", rejected=False)
    text = site.signed_in("recruiter").open("/console/").text
    assert "1通が答えを待っています。最初の1通は13:00にそのまま送ります" in text
    assert "判定に迷ったメールが1通あります" in text
    assert "0/10 件" in text


def test_without_mails_every_page_says_what_to_do(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    for path, said in (
        ("/console/", "今日はまだメールが届いていません"),
        ("/console/mails/", "採用の差出人から1通送ると、ここに表示されます"),
        ("/console/queues/held", "ここで人の答えを待ちます"),
        ("/console/queues/review", "見直しを待つメールはありません"),
        ("/console/ledger/", "最初の1件は、翌日にここへ載ります"),
    ):
        assert said in browser.open(path).text, path
