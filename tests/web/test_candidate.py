"""The candidate's pages: nothing by GET, nobody's name, every term, unticked boxes, one button, every way back."""

import re

import pytest
from sqlalchemy import func, select

from core import metrics
from crm.agency import agencies
from crm.rights import person_file
from crm.tables import ConsentRow, RegistrationRow, SuppressionRow
from tests.web import story
from tests.web.conftest import AGENCY, CANDIDATE, COMPANY, Site
from tests.web.snapshot import every_row


def _count(site: Site, table: type) -> int:
    with site.runtime.read() as tx:
        return tx.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_page_says_everything_it_must(sqlite_site: Site) -> None:
    """Required elements of the consent page, domain 3.5."""
    browser = sqlite_site.stranger()
    text = browser.open(sqlite_site.path(sqlite_site.offer().relay_url)).text
    for said in (
        COMPANY,
        AGENCY,
        "13-ユ-301234",
        "2029年3月31日(土)",
        "東京都港区架空1-2-3",
        "すべて無料です",
        "登録は任意です",
        "選考に影響しません",
        "10人の登録が紹介会社に受け付けられるごとに、同じ紹介会社から人材の紹介を1件無料で",
        "いつでも取り消せます",
        "60分",
        "3年間保存",
        "privacy@minato.example.jp",
        "プライバシーポリシー",
        "2027年2月19日(金)",
        "登録しない",
        "18歳以上",
    ):
        assert said in text, said


def test_nobody_is_named_by_a_link(site: Site) -> None:
    offer = site.offer()
    manage = story.register(site, CANDIDATE).path
    for path in (offer.relay_url, offer.optout_url, manage):
        browser = site.stranger()
        browser.open(site.path(path))
        assert browser.status == 200
        for secret in (CANDIDATE, "hanako", "花子", "090-0000-0000"):
            assert secret not in browser.html, path


@pytest.mark.parametrize("page", ["/r/{}", "/u/{}", "/m/{}", "/m/undo/{}", "/r/code/{}", "/agency/l/{}", "/r/{}/no",
                                  "/r/c/{}", "/r/c/code/{}", "/m/{}/correct", "/m/{}/address",
                                  "/m/address/{}"])  # fmt: skip
def test_a_link_nobody_made_shows_the_same_calm_page(sqlite_site: Site, page: str) -> None:
    browser = sqlite_site.stranger()
    browser.open(page.format("A" * 22))
    assert browser.status == 410
    assert "このリンクは使えません" in browser.page.text
    assert COMPANY not in browser.html


def test_without_a_licensed_agency_there_is_no_form(sqlite_site: Site) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    with sqlite_site.runtime.begin() as tx:
        agencies.suspend(tx, sqlite_site.agency_id)
    browser = sqlite_site.stranger()
    browser.open(link)
    assert "今は、ご案内できる紹介会社がありません" in browser.page.text
    assert not browser.page.forms


def test_openings_are_counted_and_nothing_more(sqlite_site: Site) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    opened = metrics.PAGES_OPENED.labels(str(sqlite_site.company_id))
    before = opened._value.get()
    sqlite_site.stranger().open(link)
    assert opened._value.get() == before + 1


def test_nothing_is_stored_before_the_last_button(sqlite_site: Site) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    before = every_row(sqlite_site.runtime)
    browser = story.fill(sqlite_site, link)
    assert "渡す内容を確かめてください" in browser.page.text
    browser.press("プロフィールを直す")
    assert every_row(sqlite_site.runtime) == before


def test_the_preview_ticks_nothing_and_names_nobody(sqlite_site: Site) -> None:
    browser = story.fill(sqlite_site, sqlite_site.path(sqlite_site.offer().relay_url))
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    assert [box for box in form.choices if box.startswith("box.")] == [
        f"box.profile:{sqlite_site.agency_id}",
        f"box.contact:{sqlite_site.agency_id}",
        "box.pool",
        "box.job_mails",
        "box.tell_company",
        "box.outcome",
    ]
    assert not [name for name, _ in form.fields if name.startswith("box.") or name == "adult"]
    for shown in ("法人営業", "東京都", "簿記2級", "1か月以内"):
        assert shown in browser.page.text
    assert CANDIDATE not in browser.page.text
    assert browser.page.text.count("許可番号 13-ユ-301234、有効期限 2029年3月31日(土)") == 2  # beside both boxes


def test_what_is_struck_on_the_preview_does_not_leave(site: Site) -> None:
    browser = story.fill(site, site.path(site.offer().relay_url))
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    assert set(form.choices["strike"]) == {"skills", "available", "languages"}
    box = next(name for name in form.choices if name.startswith("box.profile:"))
    sha256 = form.choices[box][0]
    fields: dict[str, str | list[str]] = {box: sha256, "adult": story.ADULT, "strike": ["skills", "languages"]}
    browser.press("選んだ内容に同意して登録する", **fields)
    assert "登録を受け付けました" in browser.page.text
    assert "簿記2級" not in browser.page.text
    desk = site.stranger()
    text = desk.open(story.hand_over(site)).text
    assert "法人営業" in text
    assert "1か月以内" in text
    assert "簿記2級" not in text
    assert "英語" not in text


def test_yes_and_no_are_equally_easy(sqlite_site: Site) -> None:
    """LAW7: the way to decline is as easy as the way to agree."""
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    browser = sqlite_site.stranger()
    browser.open(link)
    for _ in range(3):
        choices = re.search(r'<div class="choices">(.*?)</div>', browser.html, re.DOTALL)
        assert choices is not None
        assert "btn-primary" in choices.group(1)
        assert "登録しない" in choices.group(1)
        if "/preview" in browser.path:
            break
        label = "プロフィールの入力へ" if browser.path == link else "渡す内容を確かめる"
        fields = {"mail": CANDIDATE} if browser.path == link else story.PROFILE
        browser.press(label, **fields)
    browser.follow("登録しない")
    assert "何もする必要はありません" in browser.page.text


def test_registering_writes_consents_and_a_receipt(site: Site) -> None:
    browser = story.register(site)
    assert browser.path.startswith("/m/")
    assert "登録を受け付けました" in browser.page.text
    assert "13:00 までは、何も渡りません" in browser.page.text
    with site.runtime.read() as tx:
        consents = {row.purpose: row for row in tx.session.scalars(select(ConsentRow))}
    assert consents.keys() == {"profile", "contact"}
    (receipt,) = story.letters(site)
    assert receipt.recipient == CANDIDATE
    assert receipt.link("/m/")
    assert receipt.link("/m/undo/")


def test_only_what_was_ticked_is_agreed_to(sqlite_site: Site) -> None:
    story.register(sqlite_site, contact=False)
    with sqlite_site.runtime.read() as tx:
        assert [row.purpose for row in tx.session.scalars(select(ConsentRow))] == ["profile"]
    assert "花子" not in repr(every_row(sqlite_site.runtime))


def test_without_any_box_nothing_is_registered(sqlite_site: Site) -> None:
    browser = story.fill(sqlite_site, sqlite_site.path(sqlite_site.offer().relay_url))
    browser.press("選んだ内容に同意して登録する")
    assert browser.status == 422
    assert "18歳以上の方だけが登録できます" in browser.page.text
    assert "1社以上選んでください" in browser.page.text
    assert _count(sqlite_site, RegistrationRow) == 0


def test_the_age_gate_is_kept_with_its_words(sqlite_site: Site) -> None:
    browser = story.fill(sqlite_site, sqlite_site.path(sqlite_site.offer().relay_url))
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    boxes = {name: values[0] for name, values in form.choices.items() if name.startswith("box.profile")}
    for wrong in ("1", "0" * 64):  # a tick beside other words than today's is none
        browser.press("選んだ内容に同意して登録する", **boxes, adult=wrong)
        assert browser.status == 422
        assert "18歳以上の方だけが" in browser.page.text
    browser.press("選んだ内容に同意して登録する", **boxes, adult=form.choices["adult"][0])
    assert "年齢の確認: 2026年11月21日(土) 12:00「18歳以上です。」" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        row = tx.session.scalars(select(RegistrationRow)).one()
        file = person_file.file_of(tx, row.person_id)
    assert row.adult_at == sqlite_site.clock.now()
    assert row.adult_sha256 is not None
    assert "18歳以上です。" in sqlite_site.stranger().open(f"/consent/{row.adult_sha256}").text
    assert "年齢の確認: 2026年11月21日(土) 12:00 (日本時間)「18歳以上です。」" in person_file.as_text(file, "ja")
    assert '"I am 18 or older."' not in person_file.as_text(file, "en")  # the words are those that were read
    assert "Age confirmed on 21 November 2026" in person_file.as_text(file, "en")
    browser.press("データをダウンロード")
    assert browser.response.get_json()["adult_text"] == "18歳以上です。"


def test_a_changed_consent_text_is_not_agreed_to(sqlite_site: Site) -> None:
    """The hash of the words that stood beside the box comes back; others are refused."""
    browser = story.fill(sqlite_site, sqlite_site.path(sqlite_site.offer().relay_url))
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    box = next(name for name in form.choices if name.startswith("box.profile:"))
    browser.press("選んだ内容に同意して登録する", **{box: "0" * 64, "adult": story.ADULT})
    assert browser.status == 422
    assert _count(sqlite_site, ConsentRow) == 0


def test_an_unusual_address_is_asked_about_and_never_refused(sqlite_site: Site) -> None:
    """Old carrier addresses break the rules and work (decisions 22)."""
    old = "a..b.@example.com"
    link = sqlite_site.path(sqlite_site.offer(old).relay_url)
    browser = sqlite_site.stranger()
    browser.open(link)
    browser.press("プロフィールの入力へ", mail=old)
    assert browser.status == 422
    assert "このアドレスで間違いありません" in browser.page.text
    browser.press("プロフィールの入力へ", mail=old, mail_sure="1")
    browser.press("渡す内容を確かめる", **story.PROFILE)
    story.agree(browser)
    assert "登録を受け付けました" in browser.page.text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("wanted_job", "", "希望職種を入力してください"),
        ("years", "abc", "0から60までの数字"),
        ("years", "99", "0から60までの数字"),
        ("prefecture", "", "希望勤務地を入力してください"),
        ("prefecture", "99", "希望勤務地を一覧から選んでください"),
        ("wanted_job", "あ" * 61, "希望職種が長すぎる"),
        ("language_en", "perfect", "語学を一覧から選んでください"),
    ],
)
def test_a_wrong_field_is_named_and_the_rest_is_kept(sqlite_site: Site, field: str, value: str, told: str) -> None:
    browser = sqlite_site.stranger()
    browser.open(sqlite_site.path(sqlite_site.offer().relay_url))
    browser.press("プロフィールの入力へ", mail=CANDIDATE)
    browser.press("渡す内容を確かめる", **(story.PROFILE | {field: value}))
    assert browser.status == 422
    assert told in browser.page.text
    if field != "skills":
        assert "簿記2級、Excel" in browser.page.text


def _altered(state: str) -> str:
    """With one other character in its middle: the last ones may hold bits that nothing is decoded from."""
    at = len(state) // 2
    return f"{state[:at]}{'B' if state[at] == 'A' else 'A'}{state[at + 1 :]}"


def test_the_state_between_pages_cannot_be_altered_or_moved(sqlite_site: Site) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    other = sqlite_site.path(sqlite_site.offer("other@example.com", 2).relay_url)
    browser = story.fill(sqlite_site, link)
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    fields = dict(form.fields)
    for path, state in ((link, _altered(fields["state"])), (link, ""), (other, fields["state"])):
        response = browser.client.post(f"{path}/confirm", data={**fields, "state": state, "adult": story.ADULT})
        assert response.status_code == 303
        assert response.headers["Location"].endswith(path)
    assert _count(sqlite_site, RegistrationRow) == 0


def test_a_second_registration_changes_nothing(site: Site) -> None:
    link = site.path(site.offer().relay_url)
    browser = story.fill(site, link)
    story.register(site)
    before = every_row(site.runtime)
    story.agree(browser)
    assert "すでに登録されています" in browser.page.text
    assert every_row(site.runtime) == before


def test_another_address_is_confirmed_by_six_digits(site: Site) -> None:
    link = site.path(site.offer().relay_url)
    browser = story.agree(story.fill(site, link, "work@example.com"))
    assert browser.path.startswith("/r/code/")
    assert _count(site, ConsentRow) == 0
    (letter,) = story.letters(site)
    assert letter.recipient == "work@example.com"
    found = re.search(r"\b(\d{6})\b", letter.text)
    assert found is not None
    wrong = f"{(int(found.group(1)) + 1) % 1_000_000:06d}"
    browser.press("確認して登録する", code=wrong)
    assert "コードが違います" in browser.page.text
    browser.press("確認して登録する", code=found.group(1))
    assert "登録を受け付けました" in browser.page.text


def test_five_wrong_codes_end_it(sqlite_site: Site) -> None:
    browser = story.agree(story.fill(sqlite_site, sqlite_site.path(sqlite_site.offer().relay_url), "work@example.com"))
    for _ in range(5):
        browser.press("確認して登録する", code="xxxxxx")
    assert "5回まちがえたため" in browser.page.text
    assert _count(sqlite_site, ConsentRow) == 0


def test_opting_out_takes_one_button(site: Site) -> None:
    offer = site.offer()
    browser = site.stranger()
    browser.open(site.path(offer.optout_url))
    assert COMPANY in browser.page.text
    assert _count(site, SuppressionRow) == 0
    browser.press("案内を受け取らない")
    assert "今後、この案内は届きません" in browser.page.text
    assert _count(site, SuppressionRow) == 1
    assert "このリンクは使えません" in browser.open(site.path(offer.relay_url)).text


def test_no_thanks_can_mean_never_again(sqlite_site: Site) -> None:
    offer = sqlite_site.offer()
    browser = sqlite_site.stranger()
    browser.open(f"{sqlite_site.path(offer.relay_url)}/no")
    browser.press("今後この案内を受け取らない")
    assert "今後、この案内は届きません" in browser.page.text
    assert _count(sqlite_site, SuppressionRow) == 1


def test_every_term_stands_on_the_english_page_too(sqlite_site: Site) -> None:
    browser = sqlite_site.stranger()
    text = browser.open(sqlite_site.path(sqlite_site.offer().relay_url) + "?lang=en").text
    for said in (COMPANY, AGENCY, "13-ユ-301234", "Sat 31 Mar 2029", "free", "optional", "no effect", "for every 10",
                 "withdraw", "three years", "Privacy policy", "Fri 19 Feb 2027", "No, thank you", "18"):  # fmt: skip
        assert said.lower() in text.lower(), said
