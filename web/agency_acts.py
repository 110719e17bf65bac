"""What an agency does with one referral on a page: the same behind a single link and in the inbox."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound
from core.runtime import Tx
from crm.delivery import referrals
from crm.errors import Refused, WrongState
from crm.profile import profile_files
from crm.profile.profile_sheet import ProfileSheet
from crm.referral.outcomes import OutcomeKind
from crm.referral.referral_states import Answer, ReferralView
from web.context import writing
from web.i18n import gettext

Page = str | tuple[str, int] | BaseResponse
_MEDIA_TYPES = {"pdf": "application/pdf", "csv": "text/csv", "json": "application/json"}


class Urls:
    """Where the buttons of one referral lead: by the token of its link, or by its id in the inbox."""

    def __init__(self, blueprint: str, **place: Any) -> None:
        self._blueprint, self._place = blueprint, place

    def act(self, name: str) -> str:
        """The address of an act."""
        return url_for(f"{self._blueprint}.act", act=name, **self._place)

    @property
    def contact(self) -> str:
        """The address of the contact data."""
        return url_for(f"{self._blueprint}.contact", **self._place)

    def file(self, kind: str) -> str:
        """The address of a download."""
        return url_for(f"{self._blueprint}.download", kind=kind, **self._place)


def act(tx: Tx, referral: ReferralView, name: str) -> str:
    """Do one act; returns what to say afterwards.

    Raises:
        NotFound: there is no such act.
        WrongState, Refused: as in `crm.delivery.answers` and `crm.delivery.talks`.
    """
    found = ACTS.get(name)
    if found is None:
        raise NotFound("no such act")
    return found(tx, referral)


def done(run: Callable[[Tx], str], back: str) -> BaseResponse:
    """Run an act in a transaction of its own and go back to the page, which says what came of it."""
    try:
        with writing() as tx:
            said = run(tx)
    except (WrongState, Refused) as error:
        flash(refused(error.code), "stop")
    else:
        flash(said, "good")
    return redirect(back, 303)


def refused(code: str) -> str:
    """Why an act was not done, and what to do."""
    return {
        "no_licence": gettext("許可の期限または契約をご確認ください。今は受け付けられません。"),
        "withdrawn": gettext("ご本人が同意を撤回したため、回答できません。お渡しした内容の削除をお願いします。"),
        "dispute_over": gettext("連絡先の受け取りから7日を過ぎたため、変更できません。"),
        "no_consent": gettext("ご本人が経過の報告に同意していないため、記録していません。"),
        "future": gettext("先の日付は記録できません。"),
        "before_hand_over": gettext("プロフィールをお渡しした月より前の年月は記録できません。"),
    }.get(code, gettext("すでに処理が済んでいるため、この操作はできません。今の状態をご確認ください。"))


def file(referral: ReferralView, kind: str) -> BaseResponse:
    """One profile as a file; the view has asked the gate.

    Raises:
        NotFound: no such kind, or the profile may not leave any more.
    """
    if kind not in _MEDIA_TYPES or referral.sheet is None:
        raise NotFound("no such file")
    made: Mapping[str, Callable[[ProfileSheet], bytes]] = {
        "pdf": profile_files.pdf,
        "csv": lambda sheet: profile_files.csv([sheet], sheet.lang),
        "json": profile_files.as_json,
    }
    return attached(made[kind](referral.sheet), f"{referral.pseudonym}.{kind}")


def attached(content: bytes, name: str) -> BaseResponse:
    """Answer with a file to keep; ``name`` is ASCII."""
    response = current_app.response_class(content, mimetype=_MEDIA_TYPES[name.rpartition(".")[2]])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _answer(tx: Tx, referral: ReferralView) -> str:
    try:
        chosen = Answer(request.form.get("answer", ""))
    except ValueError:
        raise NotFound("no such answer") from None
    referrals.answer(tx, referral.agency_id, referral.id, chosen)
    return gettext("回答を受け付けました。ありがとうございます。")


def _talk(tx: Tx, referral: ReferralView) -> str:
    asked = referrals.ask_to_talk(tx, referral.agency_id, referral.id)
    if asked.contact_released_at is not None:
        return gettext("受け付けました。ご本人は連絡先の提供に同意済みです。「連絡先を見る」からご覧ください。")
    return gettext("ご希望を候補者に伝えました。候補者が応じると、連絡先をお送りします。")


def _deleted(tx: Tx, referral: ReferralView) -> str:
    referrals.acknowledge_recall(tx, referral.agency_id, referral.id)
    return gettext("削除のご連絡を受け付けました。ありがとうございました。")


def _outcome(tx: Tx, referral: ReferralView) -> str:
    try:
        kind = OutcomeKind(request.form.get("kind", ""))
        month = date.fromisoformat(f"{request.form.get('month', '')[:7]}-01")
    except ValueError:
        raise Refused("outcome", "no such step or month") from None
    referrals.report(tx, referral.agency_id, referral.id, kind, month)
    return gettext("経過を記録しました。ありがとうございます。")


#: The last part of the address -> what it does; each says what to tell afterwards.
ACTS: Mapping[str, Callable[[Tx, ReferralView], str]] = {
    "answer": _answer,
    "talk": _talk,
    "deleted": _deleted,
    "outcome": _outcome,
}
