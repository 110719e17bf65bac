"""Measure the anonymiser on the invented records of tests/anonymizer: leak and over-redaction a type.

Run: .venv/bin/python -m benchmarks.anonymizer_leak [--show]
"""

import sys

from tests.anonymizer.measure import Tally, measure
from tests.anonymizer.sets import QUASI, STRICT, sets


def _print(name: str, tally: Tally) -> None:
    shares = {
        "strict": tally.leak(*STRICT),
        "address": tally.leak("ADDRESS"),
        "person": tally.leak("PERSON"),
        "handle": tally.leak("URL_HANDLE"),
        "quasi": tally.leak(*QUASI),
        "over": tally.over_redaction,
        "protected lost": tally.protected_lost,
    }
    print(f"{name:24}" + "  ".join(f"{word} {share:5.1%}" for word, share in shares.items()))


def main() -> None:
    """Print one line a set and a state of knowledge."""
    for name, records in sets(seed=1, rounds=6, folder_rounds=5).items():
        for knowing in ("nobody", "candidate", "all") if name != "N" else ("nobody",):
            tally = measure(records, knowing)
            _print(f"{name} ({len(records)}), {knowing}", tally)
            if "--show" in sys.argv:
                lines = {f"  LEAK {line}" for line in tally.leaks} | {f"  LOST {line}" for line in tally.lost}
                print("\n".join(sorted(lines | {f"  OVER {line}" for line in tally.taken})))


if __name__ == "__main__":
    main()
