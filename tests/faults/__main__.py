"""`python -m tests.faults [--mode embedded|cluster|both] [--seconds 30] [--seed N] [--report FILE] [F1 …]`

Runs faults (all, if none is named), prints a line for each, writes the table, and ends with 1 if there was a breach.
A seed sets what is random in the clients and in the faults; not, of course, when the machine does what.
"""

import argparse
import asyncio
import logging
import random
import sys
from itertools import groupby
from pathlib import Path

from tests.faults.catalogue import FAULTS
from tests.faults.crowd import Size
from tests.faults.report import row, table
from tests.faults.rig import CLUSTER, EMBEDDED, standing
from tests.faults.run import Fault, Result, run


def main() -> int:
    asked = _asked()
    logging.getLogger("collabdocs_client").setLevel(logging.ERROR)  # refusals are counted in the report
    print(f"SEED={asked.seed}", flush=True)
    results = [
        result
        for mode in ([EMBEDDED, CLUSTER] if asked.mode == "both" else [asked.mode])
        for result in asyncio.run(_all(mode, asked))
    ]
    if asked.report:
        asked.report.write_text(table(results))
    return any(result.verdict.breaches for result in results)


async def _all(mode: str, asked: argparse.Namespace) -> list[Result]:
    """A rig stands for all faults with the same settings; the results are in the order of the table of faults."""
    chosen = [fault for fault in FAULTS.values() if mode in fault.modes and _is_asked(fault, asked.faults)]
    size = Size(asked.typists, asked.documents, asked.rate)
    results = []
    for settings, faults in groupby(sorted(sorted(chosen, key=_place), key=_settings), key=_settings):
        async with standing(mode, asked.seed, **dict(settings)) as rig:
            for fault in faults:
                try:
                    results.append(await run(rig, fault, seed=asked.seed, seconds=asked.seconds, size=size))
                except Exception:
                    print(*(f"{server.url} said last:\n{server.log()[-3000:]}" for server in rig.servers), sep="\n")
                    raise
                print("\n".join([row(results[-1]), *_breaches(results[-1])]), flush=True)
    return sorted(results, key=lambda result: _place(result.fault))


def _breaches(result: Result) -> list[str]:
    return [f"  {breach[:300]}" for breach in result.verdict.breaches[:20]]


def _is_asked(fault: Fault, numbers: list[str]) -> bool:
    """F6 asks for F6, F6b and so on."""
    return not numbers or fault.number in numbers or fault.number.rstrip("abcdefgh") in numbers


def _place(fault: Fault) -> tuple[int, str]:
    return int(fault.number.strip("Fabcdefgh")), fault.number


def _settings(fault: Fault) -> list[tuple[str, str]]:
    return sorted(fault.settings.items())


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("faults", nargs="*", metavar="F1", help=", ".join(FAULTS))
    parser.add_argument("--mode", choices=[EMBEDDED, CLUSTER, "both"], default="both")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each run, settling not counted")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--typists", type=int, default=20)
    parser.add_argument("--documents", type=int, default=3)
    parser.add_argument("--rate", type=float, default=200.0, help="edits a second, all together")
    parser.add_argument("--report", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
