"""``stationmaster rehearse``: whole weeks on the virtual clock, on a real Airflow, against the stand-ins."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path

from rich.console import Console

from stationmaster.config.loader import load
from stationmaster.rehearsal import troubles
from stationmaster.rehearsal.embedded.station import passing_home
from stationmaster.rehearsal.invariants import Finding, judge
from stationmaster.rehearsal.on_duty import strangers
from stationmaster.rehearsal.playing import Play
from stationmaster.rehearsal.programme_duty import programme_of_all
from stationmaster.rehearsal.transcript import as_json, as_markdown


class NothingToRehearse(ValueError):
    """No team of those named has a train or a rotation that hands over."""


def rehearse(
    *,
    include: Path,
    start: date,
    weeks: int,
    teams: tuple[str, ...],
    out: Path,
    seed: int,
    console: Console,
    as_json_only: bool = False,
    trouble: tuple[str, ...] = (),
    with_duty: bool = True,
) -> int:
    """Run every stop, every handoff and the teams' own work of ``weeks`` from ``start`` on, and judge what happened.

    :param start: a local date in the zone of each train and rotation; the history of that day boards.
    :param teams: ids; empty for all.
    :param out: receives ``transcript.md`` and ``transcript.json``, and Airflow's logs when something is broken.
    :param console: for the progress; the report goes there too unless ``as_json_only`` puts JSON on standard output.
    :param trouble: names of :data:`stationmaster.rehearsal.troubles.TROUBLES`, each made once.
    :param with_duty: whether chores, watches and incidents are played, too.
    :returns: 0 if every invariant holds, 1 if one is broken.
    :raises NothingToRehearse, UnknownTrouble: what was asked for cannot be played.
    """
    trouble = troubles.checked(trouble)
    every = load(include).teams
    wanted = {name: team for name, team in every.items() if not teams or name in teams}
    found = {item.team: every[item.team] for item in programme_of_all(wanted, start, weeks, with_duty=with_duty)}
    if not found:
        raise NothingToRehearse(f"none of {', '.join(teams) or 'the teams'} has a train or a handoff under {include}")
    out.mkdir(parents=True, exist_ok=True)
    with passing_home("rehearsal-") as folder:
        play = Play(
            teams=found,
            start=start,
            weeks=weeks,
            seed=seed,
            trouble=trouble,
            home=folder,
            with_duty=with_duty,
            strangers=strangers(found, every),
        )
        evidence, stuck = play.perform(include, console)
        findings = (*judge(evidence, found), Finding("Every run came to its end", stuck))
        holds = all(finding.holds for finding in findings)
        if not holds:
            shutil.copytree(folder / "logs", out / "logs", dirs_exist_ok=True)
    if not as_json_only:
        _report(console, findings)
    body = as_json(evidence, findings, found)
    (out / "transcript.json").write_text(f"{body}\n", encoding="utf-8")
    (out / "transcript.md").write_text(as_markdown(evidence, findings, found), encoding="utf-8")
    if as_json_only:
        sys.stdout.write(f"{body}\n")
    else:
        console.print(
            f"Transcript: {out / 'transcript.md'}, {out / 'transcript.json'}", soft_wrap=True, highlight=False
        )
    return 0 if holds else 1


def _report(console: Console, findings: tuple[Finding, ...]) -> None:
    console.rule("Invariants")
    for finding in findings:
        console.print(f"{'[green]✓[/green]' if finding.holds else '[red]✗[/red]'} {finding.invariant}", highlight=False)
        if finding.left_out:
            console.print(
                f"    not counted a second time: {', '.join(finding.left_out)}", highlight=False, markup=False
            )
        for broken in finding.broken:
            console.print(f"    {broken}", highlight=False, markup=False)
