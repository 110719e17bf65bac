"""What is wrong with a candidate's form, field by field, in the candidate's language; and the lists to choose from."""

from collections.abc import Iterable

from crm import errors
from crm.errors import FormRefused
from crm.profile import choices
from crm.profile.choices import Choices
from web.i18n import gettext, lang
from web.problems import Problem


def options(listed: Choices) -> list[tuple[str, str]]:
    """Codes and labels of a list, in the language of the page."""
    return [(code, labels[lang()]) for code, labels in listed.items()]


def lists() -> dict[str, list[tuple[str, str]]]:
    """Every list of the profile form."""
    return {
        "prefecture": options(choices.PREFECTURES),
        "education": options(choices.EDUCATION),
        "employment": options(choices.EMPLOYMENT),
        "salary_band": options(choices.SALARY_BANDS),
        "available": options(choices.AVAILABLE),
        "language": options(choices.LANGUAGES),
        "level": options(choices.LANGUAGE_LEVELS),
    }


def of_refusal(error: FormRefused) -> list[Problem]:
    """What a refused form says, in words."""
    return of_problems(error.problems)


def of_problems(problems: Iterable[errors.Problem]) -> list[Problem]:
    """The floor below names fields and codes; a page says what to do."""
    return [Problem(problem.field, words(problem.field, problem.code)) for problem in problems]


def of_code(code: str) -> str:
    """What is wrong with the six digits, or why none are sent."""
    return {
        "own_address": gettext("貴社のドメインのアドレスは登録できません。ご本人のアドレスを入力してください。"),
        "code_expired": gettext("コードの有効時間が過ぎました。新しい数字をお受け取りください。"),
        "code_tries": gettext("5回まちがえたため、このコードは使えません。新しい数字をお受け取りください。"),
        "too_many_codes": gettext("コードの送信は、1日に3回までです。明日もう一度お試しください。"),
    }.get(code, gettext("コードが違います。メールの6桁の数字を入力してください。"))


def has_field(problems: Iterable[Problem], *names: str) -> bool:
    """Whether any of these fields has a problem."""
    return any(problem.field in names for problem in problems)


def words(field: str, code: str) -> str:
    """One line: what to do about it."""
    name = field_label(field)
    return {
        "required": gettext("%(name)sを入力してください。", name=name),
        "too_long": gettext("%(name)sが長すぎるか、使えない文字があります。短くしてください。", name=name),
        "choice": gettext("%(name)sを一覧から選んでください。", name=name),
        "number": gettext("%(name)sは0から60までの数字で入力してください。", name=name),
        "adult_required": gettext("18歳以上の方だけが登録できます。当てはまる場合はチェックを入れてください。"),
        "mail_unusual": gettext(
            "メールアドレスの形が一般的ではありません。正しければ「このアドレスで間違いありません」にチェックを入れてください。"
        ),
        "mail_wrong": gettext("メールアドレスを「名前@ドメイン」の形で入力してください。"),
        "mail_same": gettext("今のアドレスと同じです。"),
        "phone_wrong": gettext("電話番号は数字とハイフンで入力してください(例: 090-0000-0000)。"),
        "my_number": gettext(
            "%(name)sにマイナンバーと思われる番号があります。番号を消してください。保存はしていません。", name=name
        ),
        "nothing_ticked": gettext(
            "プロフィールを渡す紹介会社を1社以上選んでください。登録しない場合は「登録しない」を選べます。"
        ),
        "text_changed": gettext("同意の文面が更新されました。もう一度お読みのうえ、選び直してください。"),
    }.get(code, gettext("%(name)sを確かめてください。", name=name))


def field_label(field: str) -> str:
    """The name of a field, the same as in consent texts, mails and provision records."""
    return choices.label(choices.ITEMS, field, lang()) if field in choices.ITEMS else gettext("入力内容")
