"""A slot and an introduction, in short words, for tests."""

from datetime import date, timedelta

from core.runtime import Runtime
from crm.slots import introductions
from crm.slots.introductions import By, IntroductionView, Need, Proposal
from ledger import book
from ledger.check import check_all
from tests.crm.world import Parties

DAY_S = 86_400
NEED = Need("法人営業", "東京都", 4_000_000, 5_500_000, "英語でのやりとりが好きな方")
PROPOSAL = Proposal(
    "法人営業6年。製造業向けの提案経験。英語は日常会話。",
    "見本 太郎",
    "taro.mihon@example.org",
    "090-0000-0001",
    date(2026, 11, 20),
)


def company(made: Parties) -> By:
    return By("company", made.company_id, "user:1")


def agency(made: Parties) -> By:
    return introductions.by_agency(made.agency_id)


def earn(runtime: Runtime, made: Parties, count: int = 10, first: int = 0) -> None:
    """Let so many persons count."""
    with runtime.begin() as tx:
        for number in range(first, first + count):
            book.earn(
                tx,
                programme_id=made.programme_id,
                referral_id=f"r{number}",
                company_id=made.company_id,
                subject_indexes=[f"i1:{number}"],
            )


def asked(runtime: Runtime, made: Parties) -> IntroductionView:
    """A need, with its slot."""
    with runtime.begin() as tx:
        return introductions.open_need(tx, made.programme_id, NEED, company(made))


def proposed(runtime: Runtime, made: Parties) -> IntroductionView:
    """A need, and the person introduced for it."""
    need = asked(runtime, made)
    with runtime.begin() as tx:
        return introductions.propose(tx, made.agency_id, need.id, PROPOSAL)


def accepted(runtime: Runtime, made: Parties) -> IntroductionView:
    one = proposed(runtime, made)
    with runtime.begin() as tx:
        return introductions.accept(tx, one.id, company(made))


def scheduled(runtime: Runtime, made: Parties) -> IntroductionView:
    """The interview is tomorrow."""
    one = accepted(runtime, made)
    with runtime.begin() as tx:
        return introductions.schedule(tx, one.id, tx.now + timedelta(days=1), company(made))


def balance(runtime: Runtime, made: Parties) -> book.Balance:
    with runtime.read() as tx:
        return book.balance(tx, made.programme_id)


def agree(runtime: Runtime) -> None:
    """Flow and book say the same, and the book is right."""
    with runtime.begin() as tx:
        assert introductions.apart(tx) == []
        assert all(report.ok for report in check_all(tx))
