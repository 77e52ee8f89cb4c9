"""A team's chores, one of them open since nine, for commands that show them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from stationmaster.chores import runs
from stationmaster.config.loader import load
from stationmaster.ledger import Ledger
from stationmaster.work.context import Desk
from tests.cli.conftest import ROOT, WEDNESDAY

NINE = WEDNESDAY - timedelta(minutes=12)
CHORES = """\
team: cellxgene
channel: ops
priorities: [{name: Urgent, means: today, due: 8h}]
chores:
  # Every morning
  look:
    title: Look at the errors
    owner: engineers
    schedule: {kind: cron, at: "0 9 * * mon-fri"}
    role: primary
    priority: Urgent
    runbook: access
    evidence:
      - {id: link, kind: link, title: The board}
      - {id: steps, kind: checklist, title: The steps}
  tokens:
    title: Renew a token
    owner: jules
    schedule: {kind: on_request, form: {which: {title: Which one}}}
    role: primary
    due: 1d
    may_leave: true
    evidence: [{id: link, kind: link, title: The token's page}]
"""


def write_chores(include: Path) -> None:
    """Write the team's chores, and the page that they name."""
    (include / "chores").mkdir(exist_ok=True)
    shutil.copy(ROOT / "include" / "runbooks" / "access.md", include / "runbooks" / "access.md")
    (include / "chores" / "cellxgene.yaml").write_text(CHORES, encoding="utf-8")


def open_one(ledger: Ledger, include: Path) -> tuple[Desk, str]:
    """Open this morning's look as its task does."""
    write_chores(include)
    desk = Desk(team=load(include, teams=["cellxgene"]).team("cellxgene"), ledger=ledger)
    about = runs.name_of(desk, desk.files.chores["look"], run_id="scheduled__1", scheduled=NINE)
    steps = [runs.Step(id="a", text="Open it"), runs.Step(id="b", text="Close it")]
    runs.open_run(desk, about, scheduled=NINE, form={}, steps=steps, by=runs.MACHINE)
    return desk, about
