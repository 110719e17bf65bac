"""Another mail address for a registration, and the page behind the codes that prove an address. Each act is a POST."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crm.candidate import address_proofs, address_restores, registrations
from crm.candidate.address_proofs import Purpose
from crm.errors import FormRefused, LinkGone, Refused, WrongCode, WrongState
from web import form_words, i18n
from web.context import reading, writing
from web.i18n import gettext
from web.problems import Problem

blueprint = Blueprint("addresses", __name__, url_prefix="/m")

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/<token>/address")
def form(token: str) -> Page:
    """Where the new address is typed."""
    return _form(token, [])


@blueprint.post("/<token>/address")
def begin(token: str) -> Page:
    """Send the digits to the new address; nothing changes before they come back."""
    typed = request.form
    try:
        with writing() as tx:
            proof = address_proofs.ask_change(tx, token, typed.get("mail", ""), sure=typed.get("mail_sure") == "1")
    except FormRefused as error:
        return _form(token, form_words.of_refusal(error)), 422
    except (LinkGone, WrongState):
        raise
    except Refused as error:
        return _form(token, [Problem("", form_words.of_code(error.code))]), 429
    return redirect(url_for("addresses.code", token=proof), 303)


@blueprint.get("/address/<token>")
def code(token: str) -> Page:
    return _code(token, [])


@blueprint.post("/address/<token>")
def check(token: str) -> Page:
    with writing() as tx:
        # A wrong code comes back as a value: the try has to be counted, so this transaction commits.
        done = address_proofs.check(tx, token, request.form.get("code", ""))
    if isinstance(done, WrongCode):
        return _code(token, [Problem("code", form_words.of_code(done.code))]), 422
    if done.manage_token:
        flash(gettext("メールアドレスを変更しました。以前のメールにあるリンクは使えなくなりました。"), "good")
        return redirect(url_for("manage.index", token=done.manage_token), 303)
    return render_template("public/address_proved.html", identity=done.purpose is Purpose.IDENTITY)


@blueprint.get("/restore/<token>")
def ask_restore(token: str) -> Page:
    """Behind the link in the word to the former address: one more press, since mail scanners open every link."""
    with reading() as tx:
        found = address_restores.page(tx, token)
    if found is None:
        raise LinkGone
    i18n.prefer(found.lang)
    return render_template("public/restore.html", found=found)


@blueprint.post("/restore/<token>")
def restore(token: str) -> Page:
    """It was not me: the former address is put back, and everything waits for who has it."""
    with writing() as tx:
        done = address_restores.restore(tx, token)
    if not done.manage_token:
        return render_template("public/restored.html", company=done.company)
    flash(gettext("メールアドレスを元に戻しました。変更の後に発行されたリンクは、すべて使えなくなりました。"), "good")
    return redirect(url_for("manage.index", token=done.manage_token), 303)


def _form(token: str, problems: list[Problem]) -> str:
    with reading() as tx:
        view = registrations.manage(tx, token)
    if view is None or view.state != registrations.SUBMITTED:
        raise LinkGone
    i18n.prefer(view.lang)
    return render_template("public/address.html", problems=problems)


def _code(token: str, problems: list[Problem]) -> str:
    with reading() as tx:
        found = address_proofs.page(tx, token)
    if found is None:
        raise LinkGone
    identity = found.purpose is Purpose.IDENTITY
    return render_template("public/address_code.html", found=found, identity=identity, problems=problems)
