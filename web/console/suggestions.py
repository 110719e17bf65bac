"""The next mode of a company, suggested with the figures that speak for it; a person decides."""

from core.runtime import Tx
from crm.registry.companies import CompanyView
from gateway.ruling import suggestions
from gateway.ruling.suggestions import Trial
from rules.model import Mode
from web.i18n import gettext


def next_mode(tx: Tx, company: CompanyView) -> str:
    """A sentence for the first page; empty when the company should stay as it is."""
    if company.suspended or company.bypass:
        return ""
    seen = suggestions.trial(tx, company)
    match suggestions.next_mode(seen):
        case Mode.CONFIRM:
            return _confirm(company, seen)
        case Mode.AUTO:
            return _auto(company, seen)
        case _:
            return ""


def _confirm(company: CompanyView, seen: Trial) -> str:
    return gettext(
        "%(name)sは、見守りを始めて%(days)d日で%(judged)d通を判定しました。案内を入れるはずだったメール%(links)d通、見直し"
        "%(reviewed)d通、まちがいの指摘は0件です。人が1通ずつ答える「確認」に進めます。",
        name=company.name,
        days=seen.days,
        judged=seen.judged,
        links=seen.links,
        reviewed=seen.reviewed,
    )


def _auto(company: CompanyView, seen: Trial) -> str:
    return gettext(
        "%(name)sは、「確認」を始めて%(days)d日で%(agreed)d通を承認し、まちがいは0件です。この件数から見込まれる誤りは、多くても"
        "%(percent)d%%です。「自動」に進めます。",
        name=company.name,
        days=seen.days,
        agreed=seen.agreed,
        percent=seen.error_percent_max,
    )
