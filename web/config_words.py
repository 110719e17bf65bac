"""What is wrong with an operator's form, in the language of the page: the floors below say it in English, line by line.

Each row knows a line by its pattern, the field it is about, and the words for people. `tests/web/test_config_words.py`
drives every refusal of the forms through it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class Row:
    """``words`` gets what the pattern found by name."""

    pattern: re.Pattern[str]
    field: str
    words: Callable[[dict[str, str]], str]


_FIELDS = {
    "sender domain": "sender_domains",
    "recruiting sender": "recruiting_senders",
    "network": "networks",
    "sender of our mails": "mail_from",
    "contact": "contact_mail",
}
_WHAT = f"(?P<what>{'|'.join(_FIELDS)})"


def in_words(line: str) -> tuple[str, str]:
    """Return field ("" for the whole form) and words; a line that no row knows is shown as it is, after ours."""
    for row in _ROWS:
        found = row.pattern.fullmatch(line)
        if found:
            told = found.groupdict()
            field = row.field or _FIELDS.get(told.get("what") or "", "")
            return field, row.words(told | {"name": _name(told.get("what") or "")})
    return "", gettext("入力内容を確かめてください。") + f" ({line})"


def _name(what: str) -> str:
    return {
        "sender domain": gettext("送信ドメイン"),
        "recruiting sender": gettext("選考結果の送信元"),
        "network": gettext("ネットワーク"),
        "sender of our mails": gettext("お知らせメールの差出人"),
        "contact": gettext("問い合わせ先"),
    }.get(what, "")


def _row(pattern: str, field: str, words: Callable[[dict[str, str]], str]) -> Row:
    return Row(re.compile(pattern, re.DOTALL), field, words)


_ROWS = (
    _row(f"{_WHAT}: more than (?P<n>\\d+)", "", lambda one: gettext("%(name)sは%(n)s件までです。", **one)),
    _row(
        "sender domain: give at least one",
        "sender_domains",
        lambda _: gettext("送信ドメインを1つ以上入力してください。"),
    ),
    _row(
        f"{_WHAT}: '(?P<value>.*)' is not a domain",
        "",
        lambda one: gettext("%(name)sの「%(value)s」は、ドメインの形ではありません。", **one),
    ),
    _row(
        f"(?:{_WHAT}: )?'(?P<value>.*)': a bare top level is too wide.*",
        "",
        lambda one: gettext("「%(value)s」は範囲が広すぎます。自社のドメインを入力してください。", **one),
    ),
    _row(
        f"{_WHAT}: '(?P<value>.*)' is not a mail address",
        "",
        lambda one: gettext("%(name)sの「%(value)s」は、メールアドレスの形ではありません。", **one),
    ),
    _row("'' is not a mail address", "mail", lambda _one: gettext("メールアドレスを入力してください。")),
    _row(
        "'(?P<value>.*)' is not a (?:mail address|domain)",
        "mail",
        lambda one: gettext("「%(value)s」は、メールアドレスの形ではありません。", **one),
    ),
    _row(
        "network: network '(?P<value>.*)' is the whole internet.*",
        "networks",
        lambda one: gettext(
            "ネットワークの「%(value)s」はインターネット全体です。自社の範囲を入力してください。", **one
        ),
    ),
    _row(
        "network: network '(?P<value>.*)': .*",
        "networks",
        lambda one: gettext("ネットワークの「%(value)s」は、192.0.2.0/24のような形で入力してください。", **one),
    ),
    _row(
        "recruiting sender (?P<value>.*) is not in the sender domains",
        "recruiting_senders",
        lambda one: gettext("選考結果の送信元の「%(value)s」は、送信ドメインに含まれていません。", **one),
    ),
    _row(
        "(?:agency )?name: 1 to (?P<n>\\d+) characters",
        "name",
        lambda one: gettext("名称は1文字から%(n)s文字で入力してください。", **one),
    ),
    _row(
        "hold minutes: 1 to (?P<n>\\d+)",
        "hold_minutes",
        lambda one: gettext("保留する時間は1分から%(n)s分で入力してください。", **one),
    ),
    _row(
        "keep passed mails: 0 to (?P<n>\\d+) days",
        "keep_passed_days",
        lambda one: gettext("対象外のメールの保管は0日から%(n)s日で入力してください。", **one),
    ),
    _row("tone: .*", "tone", lambda _: gettext("文面の名前は、半角の英小文字と_で入力してください。")),
    _row("stamp: .*", "stamp", lambda _: gettext("印は「X-Name: value」の形の1行で、半角で入力してください。")),
    _row(
        "next hop: .*: the port is not .*",
        "next_hop",
        lambda _: gettext("次の中継先のポートは、1から65535の数字で入力してください。"),
    ),
    _row(
        "next hop: .*: a user needs .*",
        "next_hop",
        lambda _: gettext("ユーザー名を使う中継先は、smtp+starttls:// か smtps:// で入力してください。"),
    ),
    _row(
        "next hop: the next hop's password stands .*",
        "next_hop",
        lambda _: gettext("次の中継先のURLに、パスワードは書けません。"),
    ),
    _row(
        "next hop: .*",
        "next_hop",
        lambda _: gettext("次の中継先は、smtp://ホスト名:ポート の形で入力してください。"),
    ),
    _row(
        "privacy policy: .*",
        "privacy_url",
        lambda _: gettext("プライバシーポリシーは、https:// で始まるURLで入力してください。"),
    ),
    _row("time zone: .*", "timezone", lambda _: gettext("タイムゾーンは、Asia/Tokyo のような名前で入力してください。")),
    _row(
        "mode (?:confirm|auto): .*is not https.*",
        "mode",
        lambda _: gettext(
            "リンクがhttpsでないため、「確認」と「自動」は選べません。設定 WEB__BASE_URL を https にしてください。"
        ),
    ),
    _row(
        "licence (?P<number>.*) belongs to agency (?P<id>\\d+), which has another name or mail address",
        "licence_no",
        lambda one: gettext("許可番号 %(number)s は、別の名称またはメールアドレスで登録されています。", **one),
    ),
    _row(
        "licence (?P<number>.*) belongs to agency (?P<id>\\d+)",
        "licence_no",
        lambda one: gettext("許可番号 %(number)s は、別の紹介会社で登録されています。", **one),
    ),
    _row(
        "licence number: 1 to (?P<n>\\d+) characters",
        "licence_no",
        lambda one: gettext("許可番号は1文字から%(n)s文字で入力してください。", **one),
    ),
    _row(
        "licence number '(?P<number>.*)' has not the usual form .*",
        "licence_no",
        lambda one: gettext("許可番号 %(number)s は、13-ユ-123456 の形ではありません。番号をお確かめください。", **one),
    ),
    _row(
        "the licence expired on (?P<day>.*): .*",
        "licence_expires_on",
        lambda one: gettext("許可は %(day)s に期限が切れています。更新後の期限を入力してください。", **one),
    ),
    _row(
        "company \\d+ and agency \\d+ have a programme already",
        "licence_no",
        lambda _: gettext("この紹介会社は、この会社にすでに登録されています。"),
    ),
    _row(
        "webhook: no user or password .*",
        "url",
        lambda _: gettext("Webhookの宛先に、ユーザー名やパスワードは書けません。"),
    ),
    _row(
        "webhook: .*",
        "url",
        lambda _: gettext("Webhookの宛先は、https://agency.example.jp/careerrelay のような形で入力してください。"),
    ),
    _row(
        "agency mails: none needs .*",
        "mails",
        lambda _: gettext("「メールでは受け取らない」は、WebhookかAPIキーがあるときに選べます。"),
    ),
    _row(
        "(?:scopes: at least one|keys: at most) .*",
        "",
        lambda _: gettext("キーでできることを1つ以上選んでください。キーは20個までです。"),
    ),
    _row(
        "agency \\d+: no company .* cannot be told|company \\d+ has no sender for our mails: .*",
        "",
        lambda _: gettext(
            "紹介会社にお知らせのメールを送れないため、変更していません。差出人の設定と、契約中の会社をお確かめください。"
        ),
    ),
)
