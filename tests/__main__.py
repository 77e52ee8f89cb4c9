"""``make test``: the quick tests side by side, then those that share one real Airflow, then the totals.

python -m tests [options of pytest]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

NOTHING_SELECTED = 5
"""How pytest says that no test was selected."""


class Totals(NamedTuple):
    """How many tests passed, failed (or could not be run), and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other: Totals) -> Totals:
        """Return the sum."""
        return Totals(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def main(options: list[str]) -> int:
    """Run both groups, print the totals, and return 0 only if something ran and nothing failed."""
    totals, healthy = Totals(), True
    for marker, workers in (("not airflow", ["-n", "auto"]), ("airflow", [])):
        found, code = _run([*workers, "-m", marker, *options])
        totals = totals.plus(found)
        healthy = healthy and (code == 0 or (code == NOTHING_SELECTED and bool(options)))
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return 0 if healthy and totals.passed and not totals.failed else 1


def _run(arguments: list[str]) -> tuple[Totals, int]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]).returncode
        return read(report), code


def read(report: Path) -> Totals:
    """Return the totals of a JUnit report; without one, a run that could not even start counts as a failure."""
    if not report.exists():
        return Totals(failed=1)
    totals = Totals()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        passed = max(0, int(suite.get("tests", 0)) - failed - skipped)
        totals = totals.plus(Totals(passed, failed, skipped))
    return totals


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
