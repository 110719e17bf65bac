"""The agency's inbox: new, want to talk, contact given, outcome. Reached by a link that works once.

GET changes nothing, not even the link: a mail scanner that follows it finds a page with a button.
"""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from core import metrics
from core.errors import ConfigError, NotFound
from core.runtime import Tx
from crm.agency import agencies
from crm.agency.agencies import AgencyView
from crm.delivery import desk, referrals
from crm.delivery.desk import Tray
from crm.errors import LinkGone
from crm.profile import profile_files
from crm.referral.referral_states import ANSWER_DAYS
from crm.slots import introductions
from web import agency_acts, i18n
from web.agency_acts import Page
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("agency_desk", __name__, url_prefix="/agency")

_SESSION = "agency_desk"
#: Where nobody needs to be signed in.
_OPEN = frozenset(f"{blueprint.name}.{view}" for view in ("index", "ask", "asked", "way_in", "sign_in"))
FILE_ROWS_MAX = 10  # pages of a tray in one CSV
PAGES_MAX = 10_000  # no database counts without end


@blueprint.before_request
def who() -> BaseResponse | None:
    """Find out who sits at the desk; who does not, asks for a link."""
    token = str(session.get(_SESSION, ""))
    with reading() as tx:
        g.agency = desk.agency_of_session(tx, token) if token else None
    if g.agency is not None:
        i18n.prefer(g.agency.locale)
        return None
    if request.endpoint in _OPEN:
        return None
    flash(
        gettext("サインインしていないか、期限が切れています。アドレスを入力して、リンクをお受け取りください。"), "wait"
    )
    return redirect(url_for("agency_desk.index"), 303)


@blueprint.get("/")
def index() -> Page:
    """The inbox for who is signed in, else the question where to send a link."""
    if g.agency is not None:
        return redirect(url_for("agency_desk.inbox", tray=Tray.NEW.value), 303)
    return render_template("agency/sign_in.html", sent=False, minutes=desk.SIGN_IN_MINUTES)


@blueprint.post("/sign-in")
def ask() -> Page:
    """Mail a link, if an agency has this address; the answer is the same if none has."""
    mail = request.form.get("mail", "")
    with writing() as tx:
        sent = desk.ask_for_link(tx, mail) if "@" in mail and mail.isprintable() else 0
    metrics.LOGINS.labels("agency_asked" if sent else "agency_unknown").inc()
    return redirect(url_for("agency_desk.asked"), 303)


@blueprint.get("/sign-in")
def asked() -> Page:
    """What happens next."""
    return render_template("agency/sign_in.html", sent=True, minutes=desk.SIGN_IN_MINUTES)


@blueprint.get("/in/<token>")
def way_in(token: str) -> Page:
    """The link itself: a page with one button."""
    with reading() as tx:
        agency = desk.agency_of_link(tx, token)
    if agency is None:
        raise LinkGone
    i18n.prefer(agency.locale)
    return render_template("agency/way_in.html", guest=agency)


@blueprint.post("/in/<token>")
def sign_in(token: str) -> Page:
    """Spend the link."""
    with writing() as tx:
        opened = desk.sign_in(tx, token)
    metrics.LOGINS.labels("agency_link" if opened else "agency_refused").inc()
    if opened is None:
        raise LinkGone
    session.clear()  # nothing of before may cling to it (ASVS 5.0 7.2.4)
    session[_SESSION] = opened
    return redirect(url_for("agency_desk.inbox", tray=Tray.NEW.value), 303)


@blueprint.post("/sign-out")
def sign_out() -> Page:
    """End the session, here and in the database."""
    with writing() as tx:
        desk.sign_out(tx, str(session.get(_SESSION, "")))
    session.clear()
    return redirect(url_for("agency_desk.index"), 303)


@blueprint.get("/inbox/<tray>")
def inbox(tray: str) -> Page:
    """One tray, a page of it."""
    wanted, page = _tray(tray), min(max(request.args.get("page", 1, type=int), 1), PAGES_MAX)
    with reading() as tx:
        agency = seated(tx)
        counts = desk.counts(tx, agency.id)
        rows = desk.lay_out(tx, agency.id, wanted, page)
        late_before = tx.now - timedelta(days=ANSWER_DAYS)
        needs = sum(bool(one.acts) for one in introductions.for_agency(tx, agency.id))
    return render_template(
        "agency/inbox.html",
        tray=wanted,
        trays=list(Tray),
        counts=counts,
        rows=rows,
        page=page,
        more=counts.of(wanted) > page * desk.PAGE,
        late_before=late_before,
        needs=needs,
    )


@blueprint.get("/inbox/<tray>.csv")
def inbox_file(tray: str) -> Page:
    """The profiles of a tray that may leave, as one CSV."""
    wanted = _tray(tray)
    with reading() as tx:
        agency = seated(tx)
        pages = (desk.lay_out(tx, agency.id, wanted, page) for page in range(1, FILE_ROWS_MAX + 1))
        sheets = [view.sheet for rows in pages for view in rows if view.sheet is not None]
        content = profile_files.csv(sheets, agency.locale)
    return agency_acts.attached(content, f"careerrelay-{wanted.value}.csv")


@blueprint.get("/referrals/<referral_id>")
def referral(referral_id: str) -> Page:
    """One profile, and what can be done with it now."""
    with reading() as tx:
        agency = seated(tx)
        found = referrals.get(tx, agency.id, referral_id)
        may_report = referrals.may_report(tx, found)
    return render_template(
        "agency/referral.html",
        referral=found,
        agency=agency,
        urls=agency_acts.Urls("agency_desk", referral_id=referral_id),
        may_report=may_report,
    )


@blueprint.get("/referrals/<referral_id>/profile.<kind>")
def download(referral_id: str, kind: str) -> BaseResponse:
    """The profile as pdf, csv or json, while it may leave."""
    with reading() as tx:
        return agency_acts.file(referrals.get(tx, seated(tx).id, referral_id), kind)


@blueprint.post("/referrals/<referral_id>/<act>")
def act(referral_id: str, act: str) -> Page:
    """One act of `agency_acts.ACTS`."""
    return agency_acts.done(
        lambda tx: agency_acts.act(tx, referrals.get(tx, seated(tx).id, referral_id), act),
        url_for("agency_desk.referral", referral_id=referral_id),
    )


@blueprint.post("/referrals/<referral_id>/contact")
def contact(referral_id: str) -> Page:
    """The contact data, once the candidate released them; each look is audited."""
    with writing() as tx:
        agency = seated(tx)
        found = referrals.contact(tx, agency.id, referral_id)
        view = referrals.get(tx, agency.id, referral_id)
    back = url_for("agency_desk.referral", referral_id=referral_id)
    return render_template("agency/contact.html", referral=view, contact=found, back=back, agency=agency)


@blueprint.get("/settings")
def settings() -> Page:
    """How the agency hears of us, and until when its licence is valid here."""
    return render_template("agency/settings.html")


@blueprint.post("/settings")
def change_settings() -> Page:
    """One mail a day, or one each time."""
    try:
        with writing() as tx:
            agency = seated(tx)
            agencies.set_mails(tx, agency.id, request.form.get("mails", ""), actor=f"agency:{agency.id}")
    except ConfigError:
        flash(gettext("この受け取り方は選べません。"), "stop")
    else:
        flash(gettext("受け取り方を変更しました。"), "good")
    return redirect(url_for("agency_desk.settings"), 303)


def seated(tx: Tx) -> AgencyView:
    """Who sits at the desk, asked again in the transaction that shows or writes.

    Raises:
        LinkGone: the session ended meanwhile.
    """
    found = desk.agency_of_session(tx, str(session.get(_SESSION, "")))
    if found is None:
        raise LinkGone
    return found


def _tray(name: str) -> Tray:
    try:
        return Tray(name)
    except ValueError:
        raise NotFound("no such tray") from None
