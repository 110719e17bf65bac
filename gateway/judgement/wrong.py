"""What is known of a mail that should not have carried a link, for those who must put it right (decisions 20)."""

from typing import Any

from sqlalchemy import func, or_, select

from core.lang import lang_of
from core.runtime import Tx
from crm.invitation import wrong_notices
from crm.invitation.wrong_notices import WrongMail
from crm.letters import Letter
from gateway.figures import EDITED_NOTE
from gateway.judgement.review import reviews_of
from gateway.tables import DeliveryState, Variant, delivery, mail

#: The answer (`review.ReviewLine`) by which a mail is known as reported.
ANSWER = "wrong"
CONSOLE_MAILS_PATH = "/console/mails/"


def tell(tx: Tx, mail_id: int) -> None:
    """Write to the company and the admin, with an apology to send when the link may have reached somebody."""
    wrong_notices.tell(tx, _wrong_mail(tx, mail_id), f"{tx.settings.web.base_url}{CONSOLE_MAILS_PATH}{mail_id}")


def apology(tx: Tx, mail_id: int) -> Letter | None:
    """The apology to send for a mail that was reported; None for one that was not, or that never left with its link."""
    if all(line.answer != ANSWER for line in reviews_of(tx, mail_id)):
        return None
    wrong = _wrong_mail(tx, mail_id)
    return wrong_notices.apology(tx, wrong) if wrong.left else None


def _wrong_mail(tx: Tx, mail_id: int) -> WrongMail:
    columns, each = mail.c, delivery.c
    row: Any = tx.session.execute(
        select(columns.company_id, columns.received_at, columns.decision, columns.note).where(columns.id == mail_id)
    ).one()
    # An attempt whose end nobody knows counts: an apology too many is better than one too few.
    under_way = each.state.in_((DeliveryState.SENT.value, DeliveryState.SENDING.value))
    left = or_(under_way, each.uncertain > 0) if row.note == EDITED_NOTE else each.uncertain > 0
    carried = select(func.count()).where(each.mail_id == mail_id, each.variant == Variant.EDITED.value, left)
    lang = lang_of((row.decision or {}).get("lang"))
    may_have_left = bool(tx.session.scalar(carried))
    return WrongMail(mail_id, row.company_id, row.received_at, lang, may_have_left)
