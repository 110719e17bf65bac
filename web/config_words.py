"""What is wrong with an operator's form, in the language of the page: the floors below name each mistake by its code.

A mistake without a code is said as the command line says it; `tests/web/test_config_words.py` sees that every code has
its words here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import Mistake
from web.i18n import gettext, show_date


@dataclass(frozen=True, slots=True)
class Words:
    """``field`` is the one of the form, "" for the whole of it; ``say`` gets the mistake's values, with the ``name`` of
    what it is about in words."""

    field: str
    say: Callable[[Mapping[str, object]], str]


#: What a list or an address of a company's form is called below -> its field.
_FIELDS = {
    "sender domain": "sender_domains",
    "recruiting sender": "recruiting_senders",
    "network": "networks",
    "sender of our mails": "mail_from",
    "contact": "contact_mail",
}


def in_words(mistake: Mistake) -> tuple[str, str]:
    """Return the field ("" for the whole form) and what to do about it."""
    known, what = WORDS.get(mistake.code), str(mistake.values.get("what", ""))
    if known is None:
        return "", gettext("入力内容を確かめてください。") + f" ({mistake.text})"
    return _FIELDS.get(what, known.field), known.say({**mistake.values, "name": _name(what)})


def _name(what: str) -> str:
    return {
        "sender domain": gettext("送信ドメイン"),
        "recruiting sender": gettext("採用の差出人"),
        "network": gettext("ネットワーク"),
        "sender of our mails": gettext("お知らせメールの差出人"),
        "contact": gettext("問い合わせ先"),
    }.get(what, "")


def _domain(one: Mapping[str, object]) -> str:
    if one["name"]:
        return gettext("%(name)sの「%(value)s」は、ドメインの形ではありません。", **one)
    return gettext("「%(value)s」は、メールアドレスの形ではありません。", **one)


def _address(one: Mapping[str, object]) -> str:
    if one["name"]:
        return gettext("%(name)sの「%(value)s」は、メールアドレスの形ではありません。", **one)
    if not one["value"]:
        return gettext("メールアドレスを入力してください。")
    return gettext("「%(value)s」は、メールアドレスの形ではありません。", **one)


def _untold(_one: Mapping[str, object]) -> str:
    return gettext(
        "紹介会社にお知らせのメールを送れないため、変更していません。差出人の設定と、契約中の会社をお確かめください。"
    )


def _scopes(_one: Mapping[str, object]) -> str:
    return gettext("キーでできることを1つ以上選んでください。キーは20個までです。")


def _choice(_one: Mapping[str, object]) -> str:
    return gettext("一覧から選んでください。")


_COMPANY: Mapping[str, Words] = {
    "too_many": Words("", lambda one: gettext("%(name)sは%(n)s件までです。", **one)),
    "no_sender_domain": Words("sender_domains", lambda _: gettext("送信ドメインを1つ以上入力してください。")),
    "domain": Words("mail", _domain),
    "domain_wide": Words(
        "mail", lambda one: gettext("「%(value)s」は範囲が広すぎます。自社のドメインを入力してください。", **one)
    ),
    "domain_taken": Words(
        "sender_domains",
        lambda one: gettext("送信ドメインの「%(value)s」は、別の会社で登録されています。", **one),
    ),
    "address": Words("mail", _address),
    "network": Words(
        "networks",
        lambda one: gettext("ネットワークの「%(value)s」は、192.0.2.0/24のような形で入力してください。", **one),
    ),
    "network_all": Words(
        "networks",
        lambda one: gettext(
            "ネットワークの「%(value)s」はインターネット全体です。自社の範囲を入力してください。", **one
        ),
    ),
    "outsider": Words(
        "recruiting_senders",
        lambda one: gettext("採用の差出人の「%(value)s」は、送信ドメインに含まれていません。", **one),
    ),
    "name": Words("name", lambda one: gettext("名称は1文字から%(n)s文字で入力してください。", **one)),
    "hold_minutes": Words(
        "hold_minutes", lambda one: gettext("保留する時間は1分から%(n)s分で入力してください。", **one)
    ),
    "keep_passed_days": Words(
        "keep_passed_days",
        lambda one: gettext("対象外のメールの保管は0日から%(n)s日で入力してください。", **one),
    ),
    "locale": Words("locale", _choice),
    "signed_mail": Words("signed_mail", _choice),
    "dkim_sign": Words("dkim_sign", _choice),
    "tone": Words("tone", lambda _: gettext("文面の名前は、半角の英小文字と_で入力してください。")),
    "stamp": Words("stamp", lambda _: gettext("印は「X-Name: value」の形の1行で、半角で入力してください。")),
    "privacy_url": Words(
        "privacy_url", lambda _: gettext("プライバシーポリシーは、https:// で始まるURLで入力してください。")
    ),
    "timezone": Words("timezone", lambda _: gettext("タイムゾーンは、Asia/Tokyo のような名前で入力してください。")),
    "mode_needs_https": Words(
        "mode",
        lambda _: gettext(
            "リンクがhttpsでないため、「確認」と「自動」は選べません。設定 WEB__BASE_URL を https にしてください。"
        ),
    ),
}
_NEXT_HOP: Mapping[str, Words] = {
    "hop_form": Words("next_hop", lambda _: gettext("次の中継先は、smtp://ホスト名:ポート の形で入力してください。")),
    "hop_port": Words("next_hop", lambda _: gettext("次の中継先のポートは、1から65535の数字で入力してください。")),
    "hop_user": Words(
        "next_hop",
        lambda _: gettext("ユーザー名を使う中継先は、smtp+starttls:// か smtps:// で入力してください。"),
    ),
    "hop_password": Words("next_hop", lambda _: gettext("次の中継先のURLに、パスワードは書けません。")),
}
_AGENCY: Mapping[str, Words] = {
    "licence_other_name": Words(
        "licence_no",
        lambda one: gettext("許可番号 %(number)s は、別の名称またはメールアドレスで登録されています。", **one),
    ),
    "licence_taken": Words(
        "licence_no", lambda one: gettext("許可番号 %(number)s は、別の紹介会社で登録されています。", **one)
    ),
    "licence_chars": Words(
        "licence_no", lambda one: gettext("許可番号は1文字から%(n)s文字で入力してください。", **one)
    ),
    "licence_odd": Words(
        "licence_no",
        lambda one: gettext("許可番号 %(number)s は、13-ユ-123456 の形ではありません。番号をお確かめください。", **one),
    ),
    "licence_expired": Words(
        "licence_expires_on",
        lambda one: gettext(
            "許可は %(day)s に期限が切れています。更新後の期限を入力してください。",
            day=show_date(one["day"]),  # type: ignore[arg-type]  # a date, as `crm.agency.agencies` says
        ),
    ),
    "programme_known": Words("licence_no", lambda _: gettext("この紹介会社は、この会社にすでに登録されています。")),
    "threshold": Words("", lambda one: gettext("1枠に必要な登録の数は、1から%(n)sまでです。", **one)),
    "webhook": Words(
        "url",
        lambda _: gettext("Webhookの宛先は、https://agency.example.jp/careerrelay のような形で入力してください。"),
    ),
    "webhook_user": Words("url", lambda _: gettext("Webhookの宛先に、ユーザー名やパスワードは書けません。")),
    "mails": Words("mails", _choice),
    "mails_none": Words(
        "mails",
        lambda _: gettext("「メールでは受け取らない」は、WebhookかAPIキーがあるときに選べます。"),
    ),
    "scopes": Words("", _scopes),
    "keys": Words("", _scopes),
    "untold": Words("", _untold),
    "no_sender": Words("", _untold),
}
_REQUEST: Mapping[str, Words] = {
    "note": Words("note", lambda one: gettext("メモは%(n)s文字までです。", **one)),
    "answer": Words("answer", lambda one: gettext("回答は%(n)s文字までです。", **one)),
}

#: Code of a mistake -> how a page says it.
WORDS: Mapping[str, Words] = {**_COMPANY, **_NEXT_HOP, **_AGENCY, **_REQUEST}
