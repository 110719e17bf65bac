"""What an error page says, in the words of the person who reads it, and where it leads."""

from dataclasses import dataclass

from flask import request, url_for

from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    text: str
    next: str = ""
    next_url: str = ""


def error_words(code: str, status: int) -> Words:
    """The page for a code of `web.errors.answer`; an unknown code gets the neutral words of its status."""
    title, text = _known().get(code) or _by_status(status)
    if request.path.startswith("/console") and status != 503:
        return Words(title, text, gettext("ホームへ戻る"), url_for("home.index"))
    if code == "csrf":
        return Words(title, text, gettext("もう一度開く"), request.path)
    return Words(title, text)


def _by_status(status: int) -> tuple[str, str]:
    if status >= 500:
        return gettext("ただいま処理できません"), gettext(
            "こちら側の問題です。少し時間をおいて、もう一度お試しください。入力内容は送信されていません。"
        )
    return gettext("この操作はできません"), gettext(
        "すでに処理が済んでいるか、今の状態ではできない操作です。前の画面に戻って状態を確かめてください。"
    )


def _known() -> dict[str, tuple[str, str]]:
    return {
        "link_gone": (
            gettext("このリンクは使えません"),
            gettext(
                "有効期限が切れたか、使い終わったか、取り消されたリンクです。登録がお済みの方は、いちばん新しいメールのリンクからご確認ください。ほかの方は、何も登録されておらず、対応は必要ありません。"
            ),
        ),
        "not_found": (gettext("ページが見つかりません"), gettext("アドレスが途中で切れていないか、確かめてください。")),
        "method": (gettext("ページが見つかりません"), gettext("アドレスが途中で切れていないか、確かめてください。")),
        "csrf": (
            gettext("画面の有効時間が過ぎました"),
            gettext(
                "安全のため、時間がたった画面からの送信は受け付けていません。何も送信されていません。もう一度開いてやり直してください。"
            ),
        ),
        "forbidden": (
            gettext("この画面を開く権限がありません"),
            gettext("必要なときは、管理者に役割の変更を依頼してください。"),
        ),
        "too_many": (
            gettext("しばらく待ってからお試しください"),
            gettext("短い時間に何度も失敗したため、一時的に受け付けを止めています。15分ほど待つと再開します。"),
        ),
        "too_many_corrections": (
            gettext("訂正は、1日に5回までです"),
            gettext("今回の訂正は行われていません。明日もう一度お試しください。"),
        ),
        "too_many_arrivals": (
            gettext("しばらく待ってからお試しください"),
            gettext(
                "同じ場所から短い時間に何度も入力されたため、一時的に受け付けを止めています。1時間ほど待つと再開します。"
            ),
        ),
        "too_many_codes": (
            gettext("確認コードの送信は、1日に3回までです"),
            gettext(
                "このリンクからの登録は、まだ完了していません。明日もう一度お試しください。すでに届いた数字は、入力の画面で使えます。"
            ),
        ),
        "no_licence": (
            gettext("今は受け付けられません"),
            gettext("貴社の有料職業紹介の許可が期限切れか、契約が終わっています。導入企業の担当者にご確認ください。"),
        ),
        "too_large": (gettext("送信された内容が大きすぎます"), gettext("文章を短くして、もう一度お試しください。")),
        "busy": (
            gettext("ただいま混み合っています"),
            gettext(
                "データベースが応答していません。少し時間をおいて、もう一度お試しください。何も変更されていません。"
            ),
        ),
    }
