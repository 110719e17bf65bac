"""A registration that somebody else had in hand is held: nothing leaves to an agency until the person says go on."""

from sqlalchemy import select

from core import audit
from core.runtime import Tx
from crm.agency import agency_events
from crm.candidate import corrections
from crm.consents import consent
from crm.delivery import hand_overs, referrals
from crm.errors import WrongState
from crm.links import LinkKind
from crm.profile import registration_data
from crm.referral.referral_states import State, locked
from crm.tables import ReferralRow


def go_on(tx: Tx, manage_token: str) -> bool:
    """The person has looked at everything: what was held goes on. False when nothing was held. For a POST.

    Agencies that have something else than what stands there now get it as a correction, whatever number of corrections
    somebody else made today.

    Raises:
        LinkGone: the manage link is not valid.
        WrongState: the registration has ended (``ended``).
    """
    row = registration_data.locked(tx, manage_token, LinkKind.MANAGE)
    if row.state != consent.SUBMITTED:
        raise WrongState("ended", "the registration has ended")
    held_at, row.held_at = row.held_at, None
    if held_at is None:
        return False
    tx.session.flush()
    ids = tx.session.scalars(
        select(ReferralRow.id).where(ReferralRow.registration_id == row.id).order_by(ReferralRow.id)
    ).all()
    held = [locked(tx, referral_id) for referral_id in ids]
    agency_events.take_turn(tx, {one.agency_id for one in held})
    for one in held:
        if one.state == State.PENDING:
            referrals.plan_again(tx, row, one.id)
        elif one.withdrawn_at is None:
            corrections.give_again(tx, one, held_at)
            hand_overs.release_contact(tx, one)
    audit.record(tx, "candidate", "registration goes on", f"registration:{row.id}")
    return True
