"""What a DKIM signature costs: 4 kB and 50 kB of text, 5 MB of base64 in a file mapped into memory.

    python -m benchmarks.dkim_sign

Microseconds of CPU a signature, the best of several rounds; beside it the bare private-key operation, which no
canonicalisation can undercut.
"""

import base64
import mmap
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from gateway.signature import dkim_keys
from gateway.signature.dkim import Algorithm, Chunk, Signer, sign

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROUNDS = 9
HEADER = (
    b"Received: from mail.example.jp ([192.0.2.1])\r\n\tby gateway.example.jp with ESMTPS id 1; Sat, 21 Nov 2026\r\n"
    b"From: =?utf-8?B?5Lq65LqL6YOo?= <saiyo@example.jp>\r\nTo: taro@example.org\r\n"
    b"Subject: =?utf-8?B?6YG46ICD57WQ5p6c44Gu44GU6YCj57Wh?=\r\nDate: Sat, 21 Nov 2026 12:00:00 +0900\r\n"
    b"Message-ID: <1@example.jp>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
)
LETTER = "このたびはご応募いただき誠にありがとうございました。 慎重に検討いたしました結果、\r\n".encode()


def cpu_us(act: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(times):
            act()
        best = min(best, (time.process_time() - start) / times)
    return best * 1e6


def row(name: str, body: Sequence[Chunk], signers: Sequence[Signer], times: int) -> None:
    figures = [f"{cpu_us(lambda s=signer: sign(HEADER, body, [s], NOW), times):9.0f}" for signer in signers]  # type: ignore[misc]
    print(f"{name:<22}", *figures, f"{cpu_us(lambda: sign(HEADER, body, signers, NOW), times):9.0f}")


def main() -> None:
    signers = [Signer("example.jp", "s", algorithm, dkim_keys.generate(algorithm)) for algorithm in Algorithm]
    print(f"{'microseconds of CPU':<22}", *(f"{signer.algorithm.value:>9}" for signer in signers), f"{'both':>9}")
    bare = [f"{cpu_us(lambda s=signer: s.signature(HEADER), 200):9.0f}" for signer in signers]  # type: ignore[misc]
    print(f"{'private key only':<22}", *bare)
    row("4 kB text", [LETTER * 36], signers, 200)
    row("50 kB text", [LETTER * 450], signers, 50)
    with tempfile.TemporaryFile() as file:
        file.write(base64.encodebytes(os.urandom(3_700_000)).replace(b"\n", b"\r\n"))
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            row("5 MB base64, mapped", [mapped], signers, 3)


if __name__ == "__main__":
    main()
