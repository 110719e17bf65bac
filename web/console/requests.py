"""The desk for what people ask about their own data (個人情報保護法 33-35条), and recalls that are not answered yet."""

from typing import TypeVar

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import ConfigError, NotFound
from core.runtime import Tx
from crm.candidate import address_proofs
from crm.candidate.address_proofs import Purpose
from crm.delivery import recalls
from crm.errors import Refused, WrongCode, WrongState
from crm.rights import person_file, subject_requests
from crm.rights.subject_requests import Channel, Identity, Kind, Refusal, Request, Standing
from gateway.store import person_mails
from web import form_words
from web.console.access import actor, chosen_company_id, in_scope, own_companies, scope
from web.context import reading, writing
from web.i18n import gettext, lang
from web.problems import Problem, of_config

_Word = TypeVar("_Word", Kind, Channel, Identity, Refusal)
blueprint = Blueprint("requests", __name__, url_prefix="/console/requests")

_BLANK = {"company_id": "", "kind": Kind.DISCLOSURE.value, "channel": Channel.MAIL.value, "mail": "", "note": ""}


@blueprint.get("/")
def index() -> str:
    """Open requests by their due date, the form for a new one, and what agencies still have to confirm."""
    return _page({}, [])


@blueprint.post("/")
def add() -> str | tuple[str, int] | BaseResponse:
    """Write down a request that came by mail, letter, telephone or in person."""
    form = request.form
    try:
        with writing() as tx:
            made = subject_requests.receive(
                tx,
                chosen_company_id(tx, form.get("company_id", "")),
                _chosen(Kind, form.get("kind", "")),
                _chosen(Channel, form.get("channel", "")),
                form.get("mail", "").strip(),
                note=form.get("note", ""),
                actor=actor(),
            )
    except ConfigError as error:
        return _page(dict(form.items()), of_config(error)), 422
    flash(gettext("請求を受け付けました。まず本人確認を行ってください。"), "good")
    return redirect(url_for("requests.one", request_id=made.id), 303)


@blueprint.get("/<request_id>")
def one(request_id: str) -> str:
    with reading() as tx:
        found = _own(tx, request_id)
        sent = address_proofs.sent(tx, request_id)
    return render_template("console/request.html", one=found, sent=sent, words=_words())


@blueprint.post("/<request_id>/identity")
def check_identity(request_id: str) -> BaseResponse:
    with writing() as tx:
        _own(tx, request_id)
        how = _chosen(Identity, request.form.get("how", ""))
        if how is Identity.CODE:
            raise NotFound("digits are typed, not ticked")
        subject_requests.check_identity(tx, request_id, how, actor=actor())
    flash(gettext("本人確認を記録しました。"), "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


@blueprint.post("/<request_id>/code")
def send_code(request_id: str) -> BaseResponse:
    """Mail six digits: to the address of the request, or (a checked correction) to the new one."""
    mail = request.form.get("mail", "").strip()
    try:
        with writing() as tx:
            found = _own(tx, request_id)
            if found.standing is Standing.RECEIVED:
                address_proofs.ask_identity(tx, request_id, actor=actor())
            else:
                address_proofs.ask_change_at_desk(tx, request_id, mail, actor=actor())
    except ConfigError:
        flash(gettext("新しいメールアドレスを「名前@ドメイン」の形で入力してください。"), "stop")
    except WrongState:
        raise
    except Refused as error:
        flash(form_words.of_code(error.code), "stop")
    else:
        flash(gettext("6桁の数字をお送りしました。24時間使えます。"), "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


@blueprint.post("/<request_id>/digits")
def check_code(request_id: str) -> BaseResponse:
    """The person told us the digits."""
    with writing() as tx:
        _own(tx, request_id)
        done = address_proofs.check_at_desk(tx, request_id, request.form.get("code", ""), actor=actor())
    if isinstance(done, WrongCode):
        flash(form_words.of_code(done.code), "stop")
    elif done.purpose is Purpose.IDENTITY:
        flash(gettext("本人確認を記録しました。"), "good")
    else:
        flash(gettext("メールアドレスを訂正し、以前のアドレスにもお知らせしました。"), "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


@blueprint.post("/<request_id>/file")
def file(request_id: str) -> Response:
    """The person's file, to read or for programs. A POST, since each look is audited."""
    readable = request.form.get("form") == "text"
    with writing() as tx:
        _own(tx, request_id)
        whole = person_mails.with_mails(tx, subject_requests.file_for(tx, request_id, actor=actor()))
        text = person_file.as_text(whole, lang()) if readable else person_file.as_json(whole)
    name = "person.txt" if readable else "person.json"
    response = current_app.response_class(text, mimetype="text/plain" if readable else "application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/<request_id>/done")
def done(request_id: str) -> BaseResponse:
    """Meet a request; an erasure and a stop of use are carried out here."""
    with writing() as tx:
        found = _own(tx, request_id)
        if found.kind in (Kind.ERASURE, Kind.STOP_USE) and request.form.get("sure") != "1":
            flash(gettext("元に戻せない操作です。確認のチェックを入れてください。"), "stop")
            return redirect(url_for("requests.one", request_id=request_id), 303)
        subject_requests.finish(tx, request_id, answer=request.form.get("answer", ""), actor=actor())
    flash(gettext("請求への対応を完了しました。"), "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


@blueprint.post("/<request_id>/refuse")
def refuse(request_id: str) -> BaseResponse:
    with writing() as tx:
        _own(tx, request_id)
        reason = _chosen(Refusal, request.form.get("reason", ""))
        subject_requests.refuse(tx, request_id, reason, answer=request.form.get("answer", ""), actor=actor())
    flash(gettext("お断りした理由を記録しました。ご本人にお伝えください。"), "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


@blueprint.post("/recalls/<referral_id>")
def acknowledge(referral_id: str) -> BaseResponse:
    """The agency said by letter or telephone that it deleted what it had."""
    with writing() as tx:
        if referral_id not in {known.referral_id for known in recalls.open_recalls(tx, scope())}:
            raise NotFound("no such recall for this person")
        recalls.acknowledged_on_paper(tx, referral_id, actor=actor())
    flash(gettext("削除の報告を記録しました。"), "good")
    return redirect(url_for("requests.index"), 303)


def _page(given: dict[str, str], problems: list[Problem]) -> str:
    everything = request.args.get("show") == "all"
    with reading() as tx:
        rows = subject_requests.listed(tx, scope(), ended=everything)
        waiting = recalls.open_recalls(tx, scope())
        choices = [(company.id, company.name) for company in own_companies(tx)]
    return render_template(
        "console/requests.html",
        rows=rows,
        recalls=waiting,
        choices=choices,
        everything=everything,
        given=_BLANK | given,
        problems=problems,
        words=_words(),
    )


def _own(tx: Tx, request_id: str) -> Request:
    found = subject_requests.get(tx, request_id)
    in_scope(found.company_id)
    return found


def _chosen(words: type[_Word], text: str) -> _Word:
    try:
        return words(text)
    except ValueError:
        raise NotFound("no such choice on the page") from None


def _words() -> dict[str, dict[str, str]]:
    """What each code is called on the page."""
    return {
        "kind": {
            Kind.DISCLOSURE: gettext("開示"),
            Kind.PROVISION_RECORDS: gettext("第三者提供記録の開示"),
            Kind.CORRECTION: gettext("訂正"),
            Kind.STOP_USE: gettext("利用停止"),
            Kind.ERASURE: gettext("消去"),
            Kind.RESUME: gettext("案内の再開"),
        },
        "channel": {
            Channel.MAIL: gettext("メール"),
            Channel.LETTER: gettext("書面"),
            Channel.PHONE: gettext("電話"),
            Channel.PERSON: gettext("来社"),
        },
        "standing": {
            Standing.RECEIVED: gettext("受付済み"),
            Standing.IDENTITY_CHECKED: gettext("本人確認済み"),
            Standing.IN_WORK: gettext("対応中"),
            Standing.DONE: gettext("完了"),
            Standing.REFUSED: gettext("お断り"),
        },
        "identity": {
            Identity.MAIL_ANSWERED: gettext("登録のアドレスからの返信で確認"),
            Identity.DOCUMENT: gettext("本人確認書類で確認(写しは保管しない)"),
            Identity.CODE: gettext("メールで送った6桁の数字で確認"),
            Identity.KNOWN: gettext("面識により確認"),
            Identity.AGENT: gettext("委任状のある代理人"),
        },
        "refusal": {
            Refusal.NOT_IDENTIFIED: gettext("本人確認ができない"),
            Refusal.NOTHING_HELD: gettext("情報を保有していない"),
            Refusal.KEPT_BY_LAW: gettext("法令により保存する必要がある"),
            Refusal.RIGHTS_OF_OTHERS: gettext("第三者の権利を害するおそれがある"),
            Refusal.TAKEN_BACK: gettext("ご本人が取り下げた"),
        },
    }
