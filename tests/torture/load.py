"""Mails sent as fast as they are taken, with a list of those that were answered 250."""

import contextlib
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

SENDERS = 4
PAUSE_S = 0.005
MAIL = """\
From: saiyo@example.jp\r
To: {recipient}\r
Subject: =?utf-8?b?6YG46ICD57WQ5p6c44Gu44GU6YCj57Wh?=\r
Message-ID: <{recipient}>\r
X-CareerRelay: rejection\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
このたびはご応募いただき、誠にありがとうございました。\r
慎重に検討いたしました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。\r
"""


class Load:
    """Each sender gives each mail one try; a recipient is used once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acked: list[str] = []
        self.refused: Counter[int] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def takes(self, more: int) -> Callable[[], bool]:
        """Whether ``more`` mails have been answered 250 since now."""
        goal = len(self.acked) + more
        return lambda: len(self.acked) >= goal

    def refuses(self, more: int) -> Callable[[], bool]:
        """Whether ``more`` mails have been answered otherwise since now."""
        goal = self.refused.total() + more
        return lambda: self.refused.total() >= goal

    def _send(self, sender: int) -> None:
        number = 0
        while not self._stop.is_set():
            with (
                contextlib.suppress(OSError, smtplib.SMTPServerDisconnected),
                smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client,
            ):
                while not self._stop.is_set():
                    number += 1
                    self._try(client, f"c{sender}-{number}@example.org")
                    time.sleep(PAUSE_S)

    def _try(self, client: smtplib.SMTP, recipient: str) -> None:
        try:
            client.sendmail("saiyo@example.jp", [recipient], MAIL.format(recipient=recipient).encode())
        except smtplib.SMTPRecipientsRefused as refused:
            self.refused.update(code for code, _ in refused.recipients.values())
        except smtplib.SMTPResponseException as refused:
            self.refused[refused.smtp_code] += 1
        else:
            self.acked.append(recipient)


def wait_until(true: Callable[[], bool], otherwise: str, timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)
