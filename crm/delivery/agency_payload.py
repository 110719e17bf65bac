"""What an agency's program reads of a referral: the same in the API, in the event feed and in a webhook."""

from datetime import datetime
from typing import Any

from core.runtime import Tx
from crm.agency.agency_events import Event, EventType
from crm.delivery.referral_views import get
from crm.profile.profile_sheet import ProfileSheet
from crm.referral.referral_states import ReferralView


def standing(view: ReferralView) -> dict[str, Any]:
    """Where a referral stands, as JSON values; without the profile, so that an answer may be kept for its replay."""
    return {
        "id": view.id,
        "company": view.company,
        "pseudonym": view.pseudonym,
        "state": view.state.value,
        "reason": view.reason.value if view.reason else None,
        "shared_at": _at(view.shared_at),
        "answer": view.answer.value if view.answer else None,
        "answered_at": _at(view.answered_at),
        "talk_asked_at": _at(view.talk_asked_at),
        "talk_declined_at": _at(view.talk_declined_at),
        "contact_released_at": _at(view.contact_released_at),
        "recall_asked_at": _at(view.recall_asked_at),
        "recall_acknowledged_at": _at(view.recall_acknowledged_at),
        "outcomes": [{"kind": one.kind.value, "month": one.month.isoformat()[:7]} for one in view.outcomes],
    }


def referral(view: ReferralView) -> dict[str, Any]:
    """The standing, the profile, and where that comes from; both null once nothing may leave any more."""
    provision = _provision(view.sheet) if view.sheet else None
    return standing(view) | {"profile": view.profile, "provision": provision}


def event(tx: Tx, told: Event) -> dict[str, Any]:
    """An event as it leaves now. The profile goes with the first one and with corrections, the others say only where
    the referral stands. Of an introduction only its number leaves: the type says the step, the rest is asked for.

    An outward path: the caller has asked the gate, or the views inside have.
    """
    data: dict[str, Any] = {}
    if told.introduction_id is not None:
        data = {"id": told.introduction_id}
    if told.referral_id is not None:
        view = get(tx, told.agency_id, told.referral_id)
        with_profile = told.type in (EventType.SHARED, EventType.CORRECTED)
        data = referral(view) if with_profile else standing(view)
    return {"type": told.type.value, "timestamp": _at(told.created_at), "data": data}


def _provision(sheet: ProfileSheet) -> dict[str, Any]:
    """What the receiver has to check and record (個人情報保護法 30条)."""
    return {
        "provider": sheet.company,
        "provider_address": sheet.company_address or None,
        "provider_representative": sheet.company_representative or None,
        "obtained": "typed by the candidate on the page named in a selection result of the provider",
        "consent_id": sheet.consent_id,
        "consent_text_sha256": sheet.text_sha256,
        "items": list(sheet.items),
        "use_until": sheet.expires_on.isoformat(),
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
