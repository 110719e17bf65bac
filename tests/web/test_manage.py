"""Every way back: undo within the hour, withdraw, delete, carry the data away. Each is a button."""

from sqlalchemy import select

from crm.agency import agencies
from crm.rights import retention
from crm.tables import ConsentRow, ReferralRow, RegistrationRow
from tests.web import story
from tests.web.conftest import AGENCY, CANDIDATE, Site
from tests.web.snapshot import every_row


def test_one_tap_undoes_it_within_the_hour(site: Site) -> None:
    browser = story.register(site)
    browser.press("登録を取り消す")
    assert "登録を取り消しました" in browser.page.text
    site.clock.advance(story.HOUR_S)
    story.work(site)
    assert not [letter for letter in story.letters(site) if letter.recipient != CANDIDATE]
    assert "法人営業" not in repr(every_row(site.runtime))


def test_the_undo_link_of_the_receipt_asks_once(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    browser = sqlite_site.stranger()
    browser.open(story.letters(sqlite_site)[0].link("/m/undo/"))
    browser.press("登録を取り消す")
    assert "登録を取り消しました" in browser.page.text


def test_after_the_hour_undo_says_what_to_do_instead(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    undo = story.letters(sqlite_site)[0].link("/m/undo/")
    story.hand_over(sqlite_site)
    browser = sqlite_site.stranger()
    assert "取り消しの時間は過ぎました" in browser.open(undo).text


def test_withdrawing_asks_the_agency_to_delete(site: Site) -> None:
    manage = story.register(site).path
    story.hand_over(site)
    browser = site.stranger()
    browser.open(manage)
    browser.press("撤回する")
    assert "同意を撤回しました" in browser.page.text
    recalls = [letter for letter in story.letters(site) if letter.recipient == "desk@kamome.example.jp"]
    assert len(recalls) == 2
    desk = site.stranger()
    desk.open(recalls[-1].link("/agency/l/"))
    assert "ご本人が同意を撤回しました" in desk.page.text
    assert "法人営業" not in desk.page.text
    desk.press("削除しました")
    assert "削除の連絡" in site.stranger().open(manage).text


def test_words_in_a_row_are_set_apart_as_the_language_does_it(sqlite_site: Site) -> None:
    manage = story.register(sqlite_site).path
    story.hand_over(sqlite_site)
    browser = sqlite_site.stranger()
    assert "希望職種、希望勤務地、" in browser.open(manage).text
    english = browser.open(f"{manage}?lang=en").text
    assert "Wanted job, Place of work, " in english


def test_deleting_everything_needs_a_second_word_and_leaves_no_trace(site: Site) -> None:
    manage = story.register(site).path
    browser = site.stranger()
    browser.open(manage)
    browser.press("すべて削除する")
    assert "確認のチェックを入れてください" in browser.page.text
    browser.press("すべて削除する", sure="1")
    assert "すべて削除しました" in browser.page.text
    assert "このリンクは使えません" in browser.open(manage).text
    with site.runtime.read() as tx:
        assert all(row.profile_sealed is None for row in tx.session.scalars(select(RegistrationRow)))
        assert all(row.state == "disqualified" for row in tx.session.scalars(select(ReferralRow)))


def test_who_has_the_former_address_takes_it_back_and_says_go_on(site: Site) -> None:
    manage = story.register(site).path
    restore = story.take_over(site, manage, CANDIDATE, "someone@example.org")
    browser = site.stranger()
    assert "someone@example.org" not in browser.open(restore).text
    browser.press("心当たりがないので、元に戻す")
    assert "登録の内容をお確かめください" in browser.page.text
    site.clock.advance(story.HOUR_S)
    story.work(site)
    assert not [letter for letter in story.letters(site) if letter.recipient == "desk@kamome.example.jp"]
    browser.press("内容を確かめたので、再開する")
    assert "手続きを再開します" in browser.page.text
    assert "登録の内容をお確かめください" not in browser.page.text
    story.work(site)
    assert [letter for letter in story.letters(site) if letter.recipient == "desk@kamome.example.jp"]
    assert "このリンクは使えません" in browser.open(restore).text


def test_the_data_can_be_carried_away_but_only_by_a_button(sqlite_site: Site) -> None:
    manage = story.register(sqlite_site).path
    browser = sqlite_site.stranger()
    browser.open(manage)
    browser.press("データをダウンロード")
    assert browser.response.headers["Content-Disposition"].startswith("attachment")
    data = browser.response.get_json()
    assert data["profile"]["wanted_job"] == "法人営業"
    assert data["contact"]["mail"] == CANDIDATE


def test_agreeing_to_talk_while_the_agency_is_suspended_says_that_it_cannot_be_done(site: Site) -> None:
    manage = story.register(site, contact=False).path
    desk = site.stranger()
    desk.open(story.hand_over(site))
    desk.press("受け付けて、話したいと伝える")
    candidate = site.stranger()
    assert "許可番号 13-ユ-301234、有効期限 2029年3月31日(土)" in candidate.open(manage).text
    with site.runtime.begin() as tx:
        agencies.suspend(tx, site.agency_id)
    before = every_row(site.runtime)
    candidate.press("同意して、連絡先を渡す", name="港 花子", phone="")
    assert candidate.response.status_code == 409
    assert "今の状態ではできない操作です" in candidate.page.text
    assert "連絡先を渡しました" not in candidate.open(manage).text
    assert every_row(site.runtime) == before


def test_after_the_data_were_deleted_the_page_does_not_offer_to_talk(site: Site) -> None:
    manage = story.register(site, contact=False).path
    desk = site.stranger()
    desk.open(story.hand_over(site))
    desk.press("受け付けて、話したいと伝える")
    assert "お話ししたいと希望しています" in site.stranger().open(manage).text
    site.clock.advance(366 * 86_400)
    with site.runtime.begin() as tx:
        assert retention.purge(tx)
    assert "お話ししたいと希望しています" not in site.stranger().open(manage).text


def test_a_correction_is_shown_before_it_goes_to_who_has_the_profile(site: Site) -> None:
    manage = story.register(site).path
    story.hand_over(site)
    browser = site.stranger()
    browser.open(manage)
    browser.follow("登録内容を訂正する")
    assert "花子" not in browser.html
    browser.press("訂正後の内容を確かめる", wanted_job="経理", years="7")
    assert AGENCY in browser.page.text
    before = every_row(site.runtime)
    assert "経理" in browser.page.text
    assert every_row(site.runtime) == before
    browser.press("この内容に訂正する")
    assert "渡した1社にも、訂正後の内容を送りました" in browser.page.text
    assert "訂正したプロフィール" in browser.page.text
    update = [letter for letter in story.letters(site) if letter.recipient == "desk@kamome.example.jp"][-1]
    assert "経理" in update.text


def test_a_wrong_correction_is_named_and_changes_nothing(sqlite_site: Site) -> None:
    browser = sqlite_site.stranger()
    browser.open(f"{story.register(sqlite_site).path}/correct")
    before = every_row(sqlite_site.runtime)
    browser.press("訂正後の内容を確かめる", wanted_job="", phone="123")
    assert browser.status == 422
    assert "希望職種を入力してください" in browser.page.text
    assert "氏名を入力してください" in browser.page.text
    assert every_row(sqlite_site.runtime) == before


def test_a_withdrawn_registration_cannot_be_corrected(sqlite_site: Site) -> None:
    manage = story.register(sqlite_site).path
    browser = sqlite_site.stranger()
    browser.open(manage)
    browser.press("登録を取り消す")
    assert browser.open(f"{manage}/correct").text.count("このリンクは使えません")


def test_what_the_company_may_do_is_ended_one_by_one(site: Site) -> None:
    browser = story.fill(site, site.path(site.offer().relay_url))
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    names = ("box.profile", "box.pool", "box.job_mails", "box.outcome")
    boxes = {name: values[0] for name, values in form.choices.items() if name.startswith(names)}
    browser.press("選んだ内容に同意して登録する", **boxes, adult=story.ADULT)
    browser.press("この同意を撤回する")
    with site.runtime.read() as tx:
        live = {row.purpose for row in tx.session.scalars(select(ConsentRow)) if row.withdrawn_at is None}
    assert len(live) == 3
    assert "profile" in live
    assert story.hand_over(site)
    response = browser.client.post(f"{browser.path}/withdraw/profile", data=dict(browser.page.forms[0].fields))
    assert response.status_code == 404
