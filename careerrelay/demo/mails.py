"""The mails of the demo's story: what a recruiting team sends on an ordinary day. Every name is invented."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

COMPANY = "株式会社あおぞら製作所"
COMPANY_DOMAIN = "aozora.example.jp"
RECRUITING = f"saiyo@{COMPANY_DOMAIN}"
NEWSLETTER = f"news@{COMPANY_DOMAIN}"
AGENCY = "みらいキャリア株式会社"
AGENCY_MAIL = "uketsuke@mirai-career.example.org"
AGENCY_LICENCE = "13-ユ-300001"

#: Nine applicants whom the demo plays; the tenth is the visitor.
PLAYED = ("sato", "suzuki", "takahashi", "tanaka", "watanabe", "ito", "nakamura", "kobayashi", "kato")
_NAMES = ("佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤", "中村", "小林", "加藤")

_SIGNATURE = f"--\n{COMPANY} 採用担当\n{RECRUITING}\n"
_REJECTION_JA = """{name} 様

お世話になっております。{company} 採用担当です。
このたびは弊社の選考にご応募いただき、誠にありがとうございました。

慎重に検討を重ねました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。
ご期待に沿えず大変恐縮ですが、何卒ご了承くださいますようお願い申し上げます。

末筆ながら、{name}様の今後のご活躍を心よりお祈り申し上げます。

"""
_REJECTION_EN = f"""Dear Ms. Morgan,

Thank you for the time you took to interview with us for the position of data engineer.

After careful consideration, we regret to inform you that we will not be moving forward with your application.
We wish you every success in your job search.

Kind regards,
Recruiting, {COMPANY_DOMAIN}
"""
_REVIEW = f"""山本 様

{COMPANY} 採用担当です。先日は面接にお越しいただき、ありがとうございました。

社内で検討いたしました結果、今回はご希望に沿えないこととなりました。
またのご縁がございましたら、よろしくお願いいたします。

"""
_OFFER = f"""中島 様

{COMPANY} 採用担当です。選考の結果、採用内定とさせていただくことに決定いたしました。
つきましては、内定承諾書を12月5日までにご返送ください。

心より歓迎いたします。今後のご活躍を期待しております。

"""
_INTERVIEW = f"""小川 様

{COMPANY} 採用担当です。書類選考の結果、次の面接にお進みいただきたくご連絡いたしました。
12月1日(火)14時、本社3階までお越しください。ご都合が悪い場合はお知らせください。

"""
_NEWS = "新製品のお知らせ\n\n今月の新製品と展示会のご案内です。配信停止はこちらからお手続きください。\n"


@dataclass(frozen=True, slots=True)
class Story:
    """One mail to send. ``ats``: what the applicant tracking system says about the recipient, empty for nothing."""

    title: str
    sender: str
    recipient: str
    raw: bytes
    ats: str = ""


def ordinary_day(now: datetime) -> list[Story]:
    """A handful of mails of every kind, for the visitor to look at."""
    plain = _plain(now)
    return [
        Story("内定通知 (an offer)", RECRUITING, "nakajima@example.com",
              plain("nakajima@example.com", "選考結果のご連絡(内定のお知らせ)", _OFFER + _SIGNATURE), ats="offered"),
        Story("不採用通知、ATSも不採用 (rejection, as the ATS says)", RECRUITING, "yamada@example.com",
              plain("yamada@example.com", "選考結果のご連絡", _rejection("山田") + _SIGNATURE), ats="rejected"),
        Story("英文の不採用通知、印つき (English, with marker)", RECRUITING,
              "morgan@example.com", plain("morgan@example.com", "Your application", _REJECTION_EN, marker=True)),
        Story("HTML、ISO-2022-JP、差し込み位置つき (placeholder)", RECRUITING,
              "inoue@example.com", _multipart(now, "inoue@example.com", "井上")),
        Story("不採用らしいが裏づけがない (nothing confirms it)", RECRUITING,
              "yamamoto@example.com", plain("yamamoto@example.com", "選考結果のご連絡", _REVIEW + _SIGNATURE)),
        Story("面接の案内 (an interview)", RECRUITING, "ogawa@example.com",
              plain("ogawa@example.com", "次回面接のご案内", _INTERVIEW + _SIGNATURE), ats="in_process"),
        Story("広報のお知らせ (newsletter, not recruiting)", NEWSLETTER, "reader@example.com",
              plain("reader@example.com", "あおぞら通信 11月号", _NEWS, sender=NEWSLETTER)),
    ]  # fmt: skip


def played_rejections(now: datetime) -> list[Story]:
    """The same notice to each of the played applicants."""
    plain = _plain(now)
    return [
        Story(f"{name} はるか", RECRUITING, f"{local}@example.com",
              plain(f"{local}@example.com", "選考結果のご連絡", _rejection(name) + _SIGNATURE), ats="rejected")
        for local, name in zip(PLAYED, _NAMES, strict=True)
    ]  # fmt: skip


def _rejection(name: str) -> str:
    return _REJECTION_JA.format(name=name, company=COMPANY)


def _plain(now: datetime) -> Callable[..., bytes]:
    def write(recipient: str, subject: str, text: str, *, sender: str = RECRUITING, marker: bool = False) -> bytes:
        message = _head(now, sender, recipient, subject)
        if marker:
            message["X-CareerRelay"] = "rejection"
        message.set_content(text, cte="base64" if not text.isascii() else "7bit")
        return message.as_bytes()

    return write


def _multipart(now: datetime, recipient: str, name: str) -> bytes:
    """As older systems write it: ISO-2022-JP (RFC 1468), 7-bit, plain and HTML."""
    message = _head(now, RECRUITING, recipient, "選考結果のご連絡")
    text = f"{_rejection(name)}{{{{キャリアリレー}}}}\n\n{_SIGNATURE}"
    paragraphs = text.replace("\n\n", "</p><p>").replace("\n", "<br>")
    html = f"<html><body><p>{paragraphs}</p></body></html>\n"
    message.set_content(text, charset="iso-2022-jp", cte="7bit")
    message.add_alternative(html, subtype="html", charset="iso-2022-jp", cte="7bit")
    return message.as_bytes()


def _head(now: datetime, sender: str, recipient: str, subject: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{COMPANY} <{sender}>"
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=COMPANY_DOMAIN)
    return message
