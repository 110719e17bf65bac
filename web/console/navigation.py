"""The console's side bar: pages this person may open, and how many things wait there."""

from dataclasses import dataclass

from flask import Flask, request, url_for

from crm.arrival import arrival_answers
from crm.registry import companies
from crm.rights import subject_requests
from crm.slots import introductions
from gateway import figures
from web.console.access import may, own_companies, roles, scope
from web.context import reading
from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    icon: str
    url: str
    current: bool
    count: int = 0


def navigation() -> list[tuple[str, list[Entry]]]:
    """Groups of entries; the first has no heading."""
    with reading() as tx:
        waiting = figures.waiting(tx, scope())
        arrived = arrival_answers.count_waiting(tx, scope())
        asked = subject_requests.count_open(tx, scope())
        proposed = introductions.count_proposed(tx, scope())
    groups = [
        (
            "",
            [
                ("home.index", gettext("ホーム"), "home", 0),
                ("mails.index", gettext("メール"), "mail", 0),
                ("queues.held", gettext("保留中"), "hand", waiting.held),
                ("queues.review_queue", gettext("見直し"), "question", waiting.unanswered),
                ("sentences.index", gettext("覚えた文"), "check", 0),
            ],
        ),
        (
            gettext("紹介"),
            [
                ("ledger.index", gettext("台帳"), "book", 0),
                ("introductions.index", gettext("紹介の依頼"), "people", proposed),
            ],
        ),
        (
            gettext("個人情報"),
            [
                ("requests.index", gettext("本人からの請求"), "shield", asked),
                ("purposes.index", gettext("利用目的"), "info", 0),
            ],
        ),
        (
            gettext("設定"),
            [
                ("companies.index", gettext("導入企業"), "building", 0),
                ("agencies.index", gettext("紹介会社"), "people", 0),
                ("company_links.index", gettext("会社のリンク"), "arrow", arrived),
            ],
        ),
    ]
    return [
        (name, [_entry(endpoint, label, icon, count) for endpoint, label, icon, count in pages if may(endpoint)])
        for name, pages in groups
    ]


def bypassed() -> list[str]:
    """Whose mail is relayed with no look inside just now: names of companies, "" for everybody's."""
    with reading() as tx:
        if companies.bypass_all(tx):
            return [""]
        return [company.name for company in own_companies(tx) if company.bypass]


def role_words() -> str:
    """What the person at the screen is, in words."""
    words = {
        "admin": gettext("管理者"),
        "recruiter": gettext("採用担当"),
        "viewer": gettext("閲覧"),
        "auditor": gettext("監査"),
    }
    return "・".join(word for role, word in words.items() if role in roles())


def _entry(endpoint: str, label: str, icon: str, count: int) -> Entry:
    here = (request.endpoint or "").split(".")
    target = endpoint.split(".")
    # A queue is a page of its own; elsewhere every page of the group lights its entry.
    current = here == target if target[0] == "queues" else here[0] == target[0]
    return Entry(label, icon, url_for(endpoint), current, count)


def install(app: Flask) -> None:
    app.jinja_env.globals.update(navigation=navigation, bypassed=bypassed, role_words=role_words)
