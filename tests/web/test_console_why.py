"""Why a mail was decided as it was, in the console: each step, the words where they stand, who taught what, undo."""

import re
from collections.abc import Sequence

import pytest
from sqlalchemy import select, update

from core.clock import ManualClock
from crm.registry import companies
from gateway.judgement import review
from gateway.tables import approved_sentence, delivery, mail
from rules.model import Decision, Mode, Reason, TextVerdict, Verdict
from tests.web import mailing
from tests.web.conftest import Site
from web.console import marks

LETTER = (
    mailing.REJECTION.replace("末筆ながら", "選考の基準はお答えできません。末筆ながら")
    + "\n> 港です。結果をお待ちしております。\n"
)


def arrive_many(site: Site, mails: int, answers: Sequence[str] = ()) -> None:
    """One sure rejection as it really comes, the others as copies of its row; what people answered to the first."""
    if not mails:
        return
    mailing.arrive(site)
    with site.runtime.begin() as tx:
        row = tx.session.execute(select(mail)).mappings().one()
        values = {name: row[name] for name in row if name not in ("id", "queue_id")}
        copies = [values | {"queue_id": f"{number:016x}"} for number in range(mails - 1)]
        if copies:
            tx.session.execute(mail.insert(), copies)
        for mail_id, answer in zip(tx.session.scalars(select(mail.c.id)).all(), answers, strict=False):
            review.note_answer(tx, mail_id, answer, "user:1")


def pieces(html: str) -> list[tuple[str, str]]:
    """Marked and greyed runs of the letter: class and words."""
    found = re.findall(r'<(?:mark|span) class="(mk mk-\w+|cut)"[^>]*>([^<]+)<', html.partition('class="letter"')[2])
    return [(name.removeprefix("mk mk-"), text) for name, text in found]


def test_the_words_stand_where_the_rules_found_them(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site, mailing.letter(text=LETTER))
    browser = sqlite_site.signed_in("recruiter")
    browser.open(f"/console/mails/{mail_id}")
    shown = pieces(browser.html)
    assert any(name == "for" and "採用を見送" in text for name, text in shown)
    assert any(name == "around" and "選考" in text for name, text in shown)
    assert any(name == "cut" and "結果をお待ちしております" in text for name, text in shown)
    assert "引用" in browser.page.text
    assert "2.5点から見直し、4.0点から案内の候補" in browser.page.text


def test_what_keeps_the_link_out_is_marked_as_that(sqlite_site: Site) -> None:
    text = mailing.REJECTION.replace("末筆ながら", "なお、内定のご連絡は別途お送りいたします。末筆ながら")
    mail_id = mailing.arrive(sqlite_site, mailing.letter(text=text))
    browser = sqlite_site.signed_in("recruiter")
    said = browser.open(f"/console/mails/{mail_id}").text
    assert re.search("案内を止める言葉はありますか あり [^「]*「[^」]*内定", said)
    assert any(name == "against" and "内定" in text for name, text in pieces(browser.html))


def test_who_approved_the_sentence_stands_there_and_can_be_undone(site: Site) -> None:
    first = mailing.arrive(site, rejected=False)
    browser = site.signed_in("recruiter")
    browser.open(f"/console/mails/{first}")
    browser.press("不採用通知の文として承認")
    second = mailing.arrive(site, to="jiro@example.com", rejected=False)
    said = browser.open(f"/console/mails/{second}").text
    assert "承認済みの判定の文" in said
    assert "文 1(saiyo@minato.example.jp): recruiter@example.jp が 2026年11月21日(土) 12:00 に承認" in said
    browser.press("取り消す")
    assert "この文の答えを取り消しました" in browser.page.text
    assert "recruiter@example.jp の答えは取り消されています" in browser.page.text
    third = mailing.arrive(site, to="saburo@example.com", rejected=False)
    with site.runtime.read() as tx:
        assert tx.session.scalar(select(mail.c.verdict).where(mail.c.id == third)) == "review"
        assert tx.session.scalar(select(approved_sentence.c.undone_at)) is not None


def test_an_auditor_sees_the_steps_and_nothing_of_the_mail(sqlite_site: Site) -> None:
    mail_id = mailing.arrive(sqlite_site, mailing.letter(text=LETTER))
    browser = sqlite_site.signed_in("auditor")
    said = browser.open(f"/console/mails/{mail_id}").text
    assert "案内を止める言葉はありますか なし" in said
    assert "見送" not in said
    assert 'class="letter"' not in browser.html


def test_the_sentences_of_ones_own_company_are_listed_and_taken_back(site: Site) -> None:
    mail_id = mailing.arrive(site, rejected=False)
    with site.runtime.begin() as tx:
        review.approve_sentence(tx, mail_id, by="cli")
        other = review.store_sentence(
            tx, company_id=99, sender="x@other.example.jp", sha256="0" * 64, masked="別の会社の文",
            answer=review.APPROVE, by="cli",
        )  # fmt: skip
    browser = site.signed_in("recruiter", company_id=site.company_id)
    said = browser.open("/console/sentences/").text
    assert "今回は採用を見送らせていただくことになりました" in said
    assert "コマンド操作" in said
    assert "別の会社の文" not in said
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    refused = browser.client.post(f"/console/sentences/{other.id}/forget", data={"csrf_token": token})
    assert refused.status_code == 404, "another company's sentence does not exist for this person"
    browser.press("取り消す")
    assert "覚えた文はまだありません" in browser.page.text


def test_after_a_report_the_apology_stands_on_the_page(sqlite_site: Site) -> None:
    mailing.set_mode(sqlite_site, Mode.AUTO)
    mail_id = mailing.arrive(sqlite_site)
    with sqlite_site.runtime.begin() as tx:
        tx.session.execute(update(delivery).values(state="sent"))
    browser = sqlite_site.signed_in("recruiter")
    assert "お詫びの文案" not in browser.open(f"/console/mails/{mail_id}").text
    said = browser.press("まちがいとして報告する").text
    assert "まちがいとして報告 · recruiter@example.jp" in said
    assert "2026年11月21日(土)にお送りしたメールについてのお詫び" in said
    assert "心よりお詫び申し上げます" in said
    assert "まちがいとして報告する" not in said, "once is enough"
    viewer = sqlite_site.signed_in("viewer")
    assert "お詫び申し上げます" not in viewer.open(f"/console/mails/{mail_id}").text


@pytest.mark.parametrize(
    ("days", "mails", "answers", "mode", "suggested"),
    [
        (7, 1, (), Mode.OBSERVE, "人が1通ずつ答える「確認」に進めます"),
        (6, 1, (), Mode.OBSERVE, ""),
        (7, 1, ("not_rejection",), Mode.OBSERVE, ""),
        (7, 0, (), Mode.OBSERVE, ""),
        (7, 20, ("approve",) * 20, Mode.CONFIRM, "見込まれる誤りは、多くても15%です。「自動」に進めます"),
        (7, 20, ("approve",) * 19, Mode.CONFIRM, ""),
        (7, 21, ("release", *("approve",) * 20), Mode.CONFIRM, ""),
        (6, 20, ("approve",) * 20, Mode.CONFIRM, ""),
        (9, 20, ("approve",) * 20, Mode.AUTO, ""),
    ],
)
def test_the_next_mode_is_suggested_and_never_switched(
    sqlite_site: Site, clock: ManualClock, days: int, mails: int, answers: tuple[str, ...], mode: Mode, suggested: str
) -> None:
    mailing.set_mode(sqlite_site, Mode.OBSERVE if mode is not Mode.OBSERVE else Mode.CONFIRM)
    mailing.set_mode(sqlite_site, mode)
    clock.advance(days * 86_400 + 60)
    mailing.set_mode(sqlite_site, mode)  # the same again: no change, and no new beginning
    arrive_many(sqlite_site, mails, answers)
    said = sqlite_site.signed_in("admin").open("/console/").text
    assert suggested in said
    assert bool(suggested) == ("提案" in said)
    assert "提案" not in sqlite_site.signed_in("recruiter").open("/console/").text, "who cannot choose is not asked"
    with sqlite_site.runtime.read() as tx:
        assert companies.get(tx, sqlite_site.company_id).mode is mode


def test_a_new_mode_is_looked_at_from_its_own_beginning(sqlite_site: Site, clock: ManualClock) -> None:
    mailing.set_mode(sqlite_site, Mode.OBSERVE)
    clock.advance(30 * 86_400)
    mailing.set_mode(sqlite_site, Mode.CONFIRM)
    arrive_many(sqlite_site, 20, ("approve",) * 20)
    assert "提案" not in sqlite_site.signed_in("admin").open("/console/").text


@pytest.mark.parametrize(("mails", "suggested"), [(199, False), (200, True)])
def test_many_mails_are_enough_before_the_days_are_over(sqlite_site: Site, mails: int, suggested: bool) -> None:
    mailing.set_mode(sqlite_site, Mode.OBSERVE)
    arrive_many(sqlite_site, mails)
    assert ("提案" in sqlite_site.signed_in("admin").open("/console/").text) is suggested


def _decision(*because: Reason) -> Decision:
    return Decision(Verdict.PASS, TextVerdict.NONE, 0.0, because)


def test_where_two_overlap_what_speaks_against_is_shown() -> None:
    text = "採用を見送り、内定とします。"
    found = marks.pieces(
        text,
        _decision(
            Reason("hit", "ja.no.declined", 3.0, "採用を見送り", 0, 6),
            Reason("veto", "positive", 0.0, "見送り、内定", 3, 9),
            Reason("hit", "ja.no.denied", 3.0, "とします", 9, 13, "denied"),
            Reason("cut", "signature", 0.0, "", 13, 14),
        ),
        "ja",
    )
    assert [(piece.text, piece.mark, piece.cut) for piece in found] == [
        ("採用を", "", ""),
        ("見送り、内定", "against", ""),
        ("とします", "unmeant", ""),
        ("。", "", "signature"),
    ]
    assert "".join(piece.text for piece in found) == text


def test_places_outside_of_the_text_are_left_out() -> None:
    found = marks.pieces(
        "短い", _decision(Reason("hit", "ja.no.x", 1.0, "", 0, 99), Reason("cut", "quote", 0.0, "", 50, 60)), "ja"
    )
    assert [(piece.text, piece.mark, piece.cut) for piece in found] == [("短い", "", "")]
