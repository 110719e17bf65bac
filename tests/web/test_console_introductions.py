"""A slot is used in the console, from the need to the hire, by people of the company; the agency answers beside it."""

from crm.slots import introductions
from crm.slots.introductions import Proposal
from ledger import book
from tests.crm.slots import PROPOSAL
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.test_console_ledger import DAY_S, earn, programme_id


def propose(site: Site, proposal: Proposal = PROPOSAL) -> str:
    """The agency introduces a person for the newest need; its number."""
    with site.runtime.begin() as tx:
        need = introductions.for_agency(tx, site.agency_id)[0]
        introductions.propose(tx, site.agency_id, need.id, proposal)
    return need.id


def ask(site: Site, role: str = "recruiter") -> Browser:
    earn(site, 10)
    site.clock.advance(8 * DAY_S)
    browser = site.signed_in(role)
    browser.open("/console/ledger/")
    browser.follow("枠を使って紹介を依頼する")
    browser.press(
        "枠を確保して依頼する", job="法人営業", place="東京都", pay_from="400", pay_to="550", wishes="英語\n歓迎"
    )
    return browser


def test_from_need_to_hire(site: Site) -> None:
    browser = ask(site)
    assert "枠を1つ確保し" in browser.page.text
    assert "4,000,000円 〜 5,500,000円" in browser.page.text
    assert "候補者の紹介が" not in browser.open("/console/").text
    number = propose(site)
    assert "候補者の紹介が1件届いています" in browser.open("/console/").text
    page = browser.open(f"/console/introductions/{number}")
    assert PROPOSAL.summary in page.text
    assert PROPOSAL.name not in page.text
    assert "紹介の依頼 1" in page.text
    browser.press("会ってみたい")
    assert PROPOSAL.name in browser.page.text
    browser.press("日時を登録する", interview_at="2026-12-02T10:00")
    assert "面談を実施した" not in browser.page.text
    site.clock.advance(5 * DAY_S)
    browser = site.signed_in("recruiter")
    browser.open(f"/console/introductions/{number}")
    browser.press("面談を実施した")
    assert "使用済み" in browser.page.text
    browser.press("内定を出した")
    browser.press("採用として記録する", basis_yen="5000000", rate_percent="35")
    assert "1,750,000円" in browser.page.text
    browser.press("定着を記録する")
    with site.runtime.read() as tx:
        balance = book.balance(tx, programme_id(site))
        assert (balance.slots_used, balance.slots_free) == (1, 0)
        assert introductions.apart(tx) == []


def test_declining_gives_the_slot_back_and_the_same_words_ask_again(sqlite_site: Site) -> None:
    browser = ask(sqlite_site)
    number = propose(sqlite_site)
    browser.open(f"/console/introductions/{number}")
    browser.press("見送る")
    assert "枠を戻しました" in browser.page.text
    assert "この方の情報は削除しました" in browser.page.text
    browser.follow("同じ内容でもう一度依頼する")
    browser.press("枠を確保して依頼する")
    assert "枠を1つ確保し" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        assert [one.need.job for one in introductions.for_agency(tx, sqlite_site.agency_id)] == ["法人営業"] * 2


def test_a_form_with_problems_comes_back_as_it_was(sqlite_site: Site) -> None:
    programme = earn(sqlite_site, 10)
    sqlite_site.clock.advance(DAY_S)
    browser = sqlite_site.signed_in("recruiter")
    browser.open(f"/console/introductions/new?programme={programme}")
    browser.press("枠を確保して依頼する", job="", place="大阪府", pay_from="many")
    assert browser.status == 422
    assert "職種を入力してください" in browser.page.text
    assert "年収は万円単位の数字" in browser.page.text
    assert "大阪府" in browser.html
    with sqlite_site.runtime.read() as tx:
        assert book.balance(tx, programme).slots_reserved == 0


def test_a_double_press_asks_once(sqlite_site: Site) -> None:
    programme = earn(sqlite_site, 20)
    sqlite_site.clock.advance(DAY_S)
    browser = sqlite_site.signed_in("admin")
    browser.open(f"/console/introductions/new?programme={programme}")
    [form] = [form for form in browser.page.forms if form.action.endswith("/introductions/new")]
    for _ in range(2):
        browser.client.post(form.action, data=dict(form.fields) | {"job": "経理"})
    with sqlite_site.runtime.read() as tx:
        assert book.balance(tx, programme).slots_reserved == 1


def test_a_step_out_of_turn_says_so(sqlite_site: Site) -> None:
    browser = ask(sqlite_site)
    number = browser.path.rpartition("/")[2]
    token = next(dict(form.fields)["csrf_token"] for form in browser.page.forms if dict(form.fields).get("csrf_token"))
    for act, data in (("schedule", {"interview_at": "soon"}), ("hire", {}), ("accept", {})):
        reply = browser.client.post(
            f"/console/introductions/{number}/{act}", data={"csrf_token": token} | data, follow_redirects=True
        )
        assert reply.status_code == 200
        assert any(words in reply.get_data(as_text=True) for words in ("入力内容を確かめて", "この操作はできません"))


def test_nobody_of_another_company_sees_it(sqlite_site: Site) -> None:
    number = ask(sqlite_site).path.rpartition("/")[2]
    other = sqlite_site.signed_in("admin", company_id=sqlite_site.company_id + 1)
    for path in (number, f"new?again={number}", f"new?programme={programme_id(sqlite_site)}"):
        other.open(f"/console/introductions/{path}")
        assert other.status == 404
