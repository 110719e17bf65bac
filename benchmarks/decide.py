"""What deciding about a mail costs on one core, without any input or output.

    python -m benchmarks.decide [--rounds 5]

Two kinds of traffic, made from the development mails of `tests/data`:

recurring  the mails as they are, again and again: companies send the same mail with other names.
fresh      words that no sentence had before stand in every sentence, and everything remembered is forgotten before
           each mail, so that nothing is known but the phrases. All cases of `tests/rules/cases` were read before, as
           by a process that has run for a while.

Beside them a letter of some 700 characters, Japanese and English, with an HTML part of the same words. CPU time
(`time.process_time`), the best and the median of the rounds: the machine is shared.
"""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from rules import moods, pieces, sections, vetoes
from rules.decide import decide
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import Signals
from tests.rules.case_files import cases
from tests.rules.eml import development_mails, mail_of

REPEATS = 300
CASES = ("rejections_ja", "rejections_en", "others_ja", "others_en", "unsure_ja", "unsure_en")
LETTER_JA = """山田 花子 様

お世話になっております。株式会社例の採用担当の上田でございます。

この度は、弊社の営業職の求人にご応募いただき、誠にありがとうございました。
また、11月5日には面接のためにご来社いただき、重ねて御礼申し上げます。
面接では、これまでのご経歴や、お客様と向き合ってこられたご経験について、
くわしくお話を伺うことができました。

社内で慎重に検討を重ねました結果、誠に残念ながら、今回は採用を見送らせて
いただくこととなりました。ご期待に添えず、大変申し訳ございません。

今回の募集では、想定を上回る多くの方からご応募をいただき、限られた採用人数の
中での選考となりましたことを、何卒ご理解いただけますようお願い申し上げます。
お預かりした履歴書と職務経歴書につきましては、弊社の規程に従い、責任を持って
破棄いたします。返却をご希望の場合は、二週間以内にお知らせください。
なお、選考の内容や理由に関するお問い合わせにはお答えいたしかねますので、
あらかじめご了承ください。

弊社の製品やサービスにこれからも関心をお寄せいただけますと幸いです。
末筆ながら、山田様の今後のますますのご活躍を心よりお祈り申し上げます。

━━━━━━━━━━━━━━━━━━━━
株式会社例 人事部 採用担当 上田
〒100-0000 東京都千代田区例町1-2-3
TEL 03-0000-0000
Mail: saiyo@example.co.jp
https://example.co.jp/
━━━━━━━━━━━━━━━━━━━━
"""
LETTER_EN = """Dear Hanako,

Thank you very much for your application for the sales position at Example Ltd, and for
taking the time to meet with our team on 5 November. We enjoyed learning about
your background and your experience with customers in the home market.

After careful consideration, we regret to inform you that we have decided not to
move forward with your application at this time. We received a large number of
applications, and the decision was a difficult one.

We will keep your CV on file for twelve months and may contact you if a suitable
vacancy comes up. We encourage you to apply again for future openings.

We wish you every success in your search.

Kind regards,
Jane Doe
Talent Acquisition, Example Ltd
"""


def fresh(mail: Mail, turn: int) -> Mail:
    """Return ``mail`` with letters that stood nowhere before in front of every full stop."""
    count = itertools.count()

    def word(found: re.Match[str]) -> str:
        number = f"{turn:05}{next(count):03}"
        letters = "北南東西川山田森林空" if found.group() == "。" else "bcdfghklmn"
        return " " * (found.group() != "。") + "".join(letters[int(digit)] for digit in number) + found.group()

    text = re.sub(r"。|(?<=[a-z])\.(?=\s|$)", word, mail.text)
    same = "".join(mail.text.split()) == "".join(mail.html_text.split())
    return replace(mail, text=text, html_text=text.replace("\n", "\n\n") if same else mail.html_text)


def forget() -> None:
    """Empty every memory of texts read before."""
    pieces._remembered.cache_clear()  # noqa: SLF001  (here and below: a benchmark's business only)
    moods._remembered.cache_clear()  # noqa: SLF001
    vetoes._announces.cache_clear()  # noqa: SLF001
    sections._signs_remembered.cache_clear()  # noqa: SLF001


def cost_us(mails: Sequence[Mail], before: Callable[[], None] | None) -> float:
    """Return microseconds of CPU a mail; what ``before`` does ahead of each is not counted."""
    rules, signals = default_ruleset(), Signals()
    spent = 0.0
    for mail in mails:
        if before is not None:
            before()
        start = time.process_time()
        decide(mail, rules, signals)
        spent += time.process_time() - start
    return spent / len(mails) * 1e6


def main() -> None:
    """Print a table: microseconds a mail and mails a second and core."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each row (5)")
    rounds = parser.parse_args().rounds
    for _, _, mail in cases(*CASES):
        decide(mail, default_ruleset(), Signals())
    development = [mail for _, mail, _ in development_mails()] * (REPEATS // 100)
    letters = {
        name: replace(mail_of(text, subject), html_text=text.replace("\n", "\n\n"))
        for name, text, subject in (
            ("Japanese letter", LETTER_JA, "選考結果のご連絡"),
            ("English letter", LETTER_EN, "Your application"),
        )
    }
    rows = {"development mails": development} | {name: [letter] * REPEATS for name, letter in letters.items()}
    print(f"{'':18} {'chars':>6}  {'':9} {'us best':>8} {'median':>7} {'mails/s':>8}")
    turns = itertools.count()
    for name, mails in rows.items():
        chars = round(statistics.mean(len(mail.text) for mail in mails))
        for kind in ("recurring", "fresh"):
            costs = []
            for _ in range(rounds):
                if kind == "recurring":
                    costs.append(cost_us(mails, None))
                else:
                    costs.append(cost_us([fresh(mail, next(turns)) for mail in mails], forget))
            best, median = min(costs), statistics.median(costs)
            print(f"{name:18} {chars:6}  {kind:9} {best:8.0f} {median:7.0f} {1e6 / median:8.0f}")


if __name__ == "__main__":
    main()
