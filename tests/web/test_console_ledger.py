"""The ledger in the console: what HR sees of it, what an auditor sees, and what two administrators do by hand."""

import io
from datetime import UTC, datetime, timedelta

from pypdf import PdfReader
from sqlalchemy import text

from crm.agency import agencies
from ledger import book, heads
from tests.web import story
from tests.web.browser import Browser
from tests.web.conftest import AGENCY, Site

DAY_S = 86_400


def programme_id(site: Site) -> int:
    with site.runtime.read() as tx:
        return agencies.programme_of(tx, site.company_id, site.agency_id).id


def earn(site: Site, count: int, first: int = 0) -> int:
    """So many persons count; returns the programme."""
    programme = programme_id(site)
    with site.runtime.begin() as tx:
        for number in range(first, first + count):
            book.earn(
                tx,
                programme_id=programme,
                referral_id=f"r{number}",
                company_id=site.company_id,
                subject_indexes=[f"i1:{number}"],
            )
    return programme


def test_the_ledger_tells_hr_on_the_next_day(sqlite_site: Site) -> None:
    """Once a day, so that nobody can tell who it was (decisions 25)."""
    story.register(sqlite_site)
    desk = sqlite_site.stranger()
    desk.open(story.hand_over(sqlite_site))
    desk.press("受け付ける")
    page = sqlite_site.signed_in("recruiter").open("/console/ledger/").text
    assert f"× {AGENCY}" in page
    assert "0 / 10 件" in page
    assert "まだ記帳がありません" in page
    sqlite_site.clock.advance(DAY_S)
    page = sqlite_site.signed_in("recruiter").open("/console/ledger/").text
    assert "1 / 10 件" in page
    assert "あと9件で無料紹介枠が1つ増えます" in page
    assert "2026年11月" in page
    assert "台帳を検証済み" in page


def test_hr_sees_months_and_an_auditor_each_entry(sqlite_site: Site) -> None:
    earn(sqlite_site, 1)
    sqlite_site.clock.advance(DAY_S)
    for role in ("admin", "recruiter", "viewer"):
        browser = sqlite_site.signed_in(role)
        assert "すべての記帳" not in browser.open("/console/ledger/").text
        assert "r0" not in browser.page.text
    seen = sqlite_site.signed_in("auditor").open("/console/ledger/").text
    assert "獲得 1 - 取消 0 + 調整 0 = 利用可 1 + 確保 0 + 使用 0" in seen
    assert "r0" in seen


def test_a_changed_entry_is_named_on_the_page(sqlite_site: Site) -> None:
    programme = earn(sqlite_site, 3)
    with sqlite_site.runtime.begin() as tx:
        heads.sign_heads(tx)
    browser = sqlite_site.signed_in("auditor")
    assert "すべて正しくつながっています" in browser.open(f"/console/ledger/{programme}/proof").text
    assert "最後に署名した日 2026年11月21日(土)" in browser.open("/console/ledger/").text
    with sqlite_site.runtime.begin() as tx:
        tx.session.execute(text("DROP TRIGGER ledger_entry_no_update"))
        tx.session.execute(text("UPDATE ledger_entry SET body = replace(body, '\"r1\"', '\"r9\"') WHERE seq = 2"))
    for path in ("/console/ledger/", f"/console/ledger/{programme}/proof"):
        assert "記帳 2" in browser.open(path).text
    assert "台帳が壊れています" in browser.open("/console/ledger/").text


def test_a_statement_is_there_when_its_month_is_over(sqlite_site: Site) -> None:
    role = "viewer"
    programme = earn(sqlite_site, 3)
    sqlite_site.clock.advance(DAY_S)
    browser = sqlite_site.signed_in(role)
    assert "月末のあとに" in browser.open("/console/ledger/").text
    browser.open(f"/console/ledger/{programme}/2026-11.pdf")
    assert browser.status == 404
    december = datetime(2026, 12, 2, 3, tzinfo=UTC)
    sqlite_site.clock.advance((december - sqlite_site.clock.now()).total_seconds())
    browser = sqlite_site.signed_in(role)
    browser.open("/console/ledger/")
    browser.follow("2026年11月 CSV")
    assert browser.response.headers["Content-Disposition"].endswith(f"careerrelay-statement-{programme}-2026-11.csv")
    assert '"earned","増えたカウント",3' in browser.html
    pdf = browser.client.get(f"/console/ledger/{programme}/2026-11.pdf?lang=en")
    assert "Slot ledger" in PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()
    for wrong in ("2026-13.pdf", "x.csv", "2027-01.pdf"):
        assert browser.client.get(f"/console/ledger/{programme}/{wrong}").status_code == 404


def two_admins(site: Site) -> tuple[Browser, Browser, str]:
    programme = earn(site, 3)
    path = f"/console/ledger/{programme}/hands"
    first, second = site.signed_in("admin", company_id=site.company_id), site.signed_in("admin", "auditor")
    first.open(path)
    second.open(path)
    return first, second, path


def test_an_adjustment_is_booked_by_two_persons_and_never_by_one(site: Site) -> None:
    first, second, path = two_admins(site)
    first.press("調整を申請する", credits="4", reason="correction")
    assert "紹介会社か、全体の管理者が承認すると記帳されます" in first.page.text
    assert "(あなた)" in first.page.text
    assert "承認して記帳する" not in first.page.text
    second.open(path)
    approval = next(form for form in second.page.forms if form.action.endswith("/approve"))
    token = dict(first.page.forms[-1].fields)["csrf_token"]
    first.client.post(approval.action, data={"csrf_token": token})
    assert "申請した本人は承認できません" in first.open(path).text
    colleague = site.signed_in("admin", "viewer", company_id=site.company_id)
    assert "承認して記帳する" not in colleague.open(path).text
    token = dict(colleague.page.forms[-1].fields)["csrf_token"]
    colleague.client.post(approval.action, data={"csrf_token": token})
    assert "導入企業の管理者と、紹介会社または全体の管理者の、2人で行います" in colleague.open(path).text
    with site.runtime.read() as tx:
        assert book.balance(tx, programme_id(site)).adjusted == 0
    second.press("承認して記帳する")
    assert "調整を記帳しました" in second.page.text
    with site.runtime.read() as tx:
        assert book.balance(tx, programme_id(site)).adjusted == 4
        [entry] = [one for one in book.entries(tx, programme_id(site)) if one.kind == "adjust"]
    assert entry.actor != entry.approver
    assert all(one.startswith("user:") for one in (entry.actor, entry.approver))


def test_an_adjustment_can_be_refused_and_cannot_take_what_is_not_there(sqlite_site: Site) -> None:
    first, second, path = two_admins(sqlite_site)
    first.press("調整を申請する", credits="-4", reason="contract")
    second.open(path)
    second.press("承認して記帳する")
    assert "残りの件数が足りない" in second.page.text
    second.press("却下する")
    assert "申請を取り下げました" in second.page.text
    assert "承認して記帳する" not in second.page.text
    first.open(path)
    first.press("調整を申請する", credits="0", reason="contract")
    assert "0以外" in first.page.text


def test_a_credit_is_taken_back_by_hand_with_its_referral(sqlite_site: Site) -> None:
    browser, _, _ = two_admins(sqlite_site)
    browser.press("1件取り消す", referral="r2", reason="fraud")
    assert "1件取り消しました" in browser.page.text
    browser.press("1件取り消す", referral="nobody", reason="fraud")
    assert "その番号の紹介カウントはありません" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        assert (
            book.balance(tx, programme_id(sqlite_site)).reversed,
            book.balance(tx, programme_id(sqlite_site)).available,
        ) == (1, 2)


def test_terms_change_from_a_day_on_and_never_against_a_free_slot(sqlite_site: Site) -> None:
    company_s, browser, path = two_admins(sqlite_site)
    assert "新しい版として登録する" not in company_s.page.text
    token = dict(company_s.page.forms[-1].fields)["csrf_token"]
    given = {"csrf_token": token, "threshold": "1", "dispute_days": "7", "window_days": "365", "from": ""}
    assert company_s.client.post(path.replace("hands", "terms"), data=given).status_code == 403
    later = (sqlite_site.clock.now() + timedelta(days=30)).date().isoformat()
    browser.press("新しい版として登録する", threshold="3", **{"from": later})
    assert "新しい版を登録しました" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        assert book.balance(tx, programme_id(sqlite_site)).slots_free == 0
    sqlite_site.clock.advance(31 * DAY_S)
    with sqlite_site.runtime.read() as tx:
        assert book.balance(tx, programme_id(sqlite_site)).slots_free == 1
    browser = sqlite_site.signed_in("admin")
    browser.open(path)
    browser.press("新しい版として登録する", threshold="12")
    assert "この条件には変更できません" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        assert [one.policy.threshold for one in book.terms(tx, programme_id(sqlite_site))] == [10, 3]


def test_hands_off_the_book_of_another_company(sqlite_site: Site) -> None:
    programme = earn(sqlite_site, 3)
    other = sqlite_site.signed_in("admin", company_id=sqlite_site.company_id + 1)
    for path in (f"{programme}/hands", f"{programme}/proof", f"{programme}/2026-10.pdf"):
        other.open(f"/console/ledger/{path}")
        assert other.status == 404
