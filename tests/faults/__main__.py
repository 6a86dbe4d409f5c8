"""`python -m tests.faults [--mode embedded|cluster|both] [--seconds 30] [--seed N] [--report FILE] [F1 …]`

Runs faults (all, if none is named), prints a line for each, writes the table after each, and ends with 1 if there was a
breach. A seed sets what is random in the clients and in the faults; not, of course, when the machine does what.
"""

import argparse
import asyncio
import logging
import random
import sys
from pathlib import Path

from tests.faults.catalogue import FAULTS
from tests.faults.crowd import Size
from tests.faults.report import row, table
from tests.faults.rig import CLUSTER, EMBEDDED
from tests.faults.run import Fault, Result
from tests.faults.series import Series, place

RATES = {EMBEDDED: 200.0, CLUSTER: 60.0}  # the emulated MongoDB looks at a whole log for each range of it


def main() -> int:
    asked = _asked()
    logging.getLogger("collabdocs_client").setLevel(logging.ERROR)  # refusals are counted in the report
    print(f"SEED={asked.seed}", flush=True)
    results: list[Result] = []

    def told(result: Result) -> None:
        results.append(result)
        print("\n".join([row(result), *_breaches(result)]), flush=True)
        _write(asked.report, results)

    for mode in [EMBEDDED, CLUSTER] if asked.mode == "both" else [asked.mode]:
        size = Size(asked.typists, asked.documents, asked.rate or RATES[mode])
        chosen = [fault for fault in FAULTS.values() if mode in fault.modes and _is_asked(fault, asked.faults)]
        asyncio.run(Series(mode, asked.seed, asked.seconds, size, told).run(chosen))
    if asked.report:
        print(f"The table is in {asked.report}", flush=True)
    return any(result.verdict.breaches for result in results)


def _write(report: Path | None, results: list[Result]) -> None:
    """In the order of the table of faults, one mode after the other."""
    if report:
        report.parent.mkdir(parents=True, exist_ok=True)
        ordered = sorted(results, key=lambda result: (result.mode != EMBEDDED, place(result.fault)))
        report.write_text(table(ordered))


def _breaches(result: Result) -> list[str]:
    return [f"  {breach[:300]}" for breach in result.verdict.breaches[:20]]


def _is_asked(fault: Fault, numbers: list[str]) -> bool:
    """F6 asks for F6, F6b and so on."""
    return not numbers or fault.number in numbers or fault.number.rstrip("abcdefgh") in numbers


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("faults", nargs="*", metavar="F1", help=", ".join(FAULTS))
    parser.add_argument("--mode", choices=[EMBEDDED, CLUSTER, "both"], default="both")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each run, settling not counted")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--typists", type=int, default=20)
    parser.add_argument("--documents", type=int, default=3)
    parser.add_argument("--rate", type=float, help=f"edits a second, all together; if left out {RATES}")
    parser.add_argument("--report", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
