"""The departures to come as a page with a picture: weeks from left to right, a line for each train."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core.escaping import html
from stationmaster.core.instants import local_text, to_local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stationmaster.cli.shapes_trains import ForeseenShown, PreviewAnswer, TrainForeseen
    from stationmaster.config.team import TeamConfig

_LEFT, _RIGHT, _LANE, _TOP = 240, 30, 92, 46
_WIDTH_OF_A_WEEK = 88
_COLOURS = {"no_cut": "#f2d7a0", "hold_promotion": "#f0b8a0", "hotfix_only": "#e79a9a", "all_stop": "#c96f6f"}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1c2733; background: #fbfaf7; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; }
td, th { padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }
td:first-child { white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid #c9c4b8; } .bad { color: #8a1f1f; } .quiet { color: #66707a; }
svg text { font: 12px system-ui, sans-serif; fill: #1c2733; } svg .quiet { fill: #66707a; }
"""


def page(teams: list[TeamConfig], answer: PreviewAnswer) -> str:
    """Return the page. Whatever stands in a team's file is escaped (F65)."""
    names = {team.id: {name: person.name for name, person in team.people.items()} for team in teams}
    legend = (
        f"<p class='quiet'>{answer.start:%Y-%m-%d} to {answer.end:%Y-%m-%d}. A filled mark is a cut, an open one a "
        "promotion; a cross does not go. Bands are freezes.</p>"
    )
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>Departures to come</title>',
        f"<style>{_STYLE}</style></head><body>",
        "<h1>Departures to come</h1>",
        legend,
        f'<div class="scroll">{_picture(answer)}</div>',
    ]
    for train in answer.trains:
        parts += _table(train, names[train.team])
    return "\n".join([*parts, "</body></html>", ""])


def _picture(answer: PreviewAnswer) -> str:
    weeks = (answer.end - answer.start) / timedelta(weeks=1)
    width = _LEFT + _RIGHT + weeks * _WIDTH_OF_A_WEEK
    height = _TOP + _LANE * len(answer.trains) + 10

    def x(at: datetime) -> float:
        share = (min(max(at, answer.start), answer.end) - answer.start) / (answer.end - answer.start)
        return round(_LEFT + share * weeks * _WIDTH_OF_A_WEEK, 1)

    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" role="img" '
        'aria-label="Departures to come, by week">'
    )
    parts = [opening]
    monday = answer.start.replace(hour=0, minute=0, second=0, microsecond=0)
    monday += timedelta(days=-monday.weekday() % 7)
    while monday < answer.end:
        parts.append(
            f'<line x1="{x(monday)}" y1="{_TOP - 12}" x2="{x(monday)}" y2="{height}" stroke="#ded9cc"/>'
            f'<text class="quiet" x="{x(monday) + 3}" y="{_TOP - 16}">{monday:%d %b}</text>'
        )
        monday += timedelta(weeks=1)
    for place, train in enumerate(answer.trains):
        parts += _lane(train, _TOP + place * _LANE, x)
    return "".join([*parts, "</svg>"])


def _lane(train: TrainForeseen, top: int, at: Callable[[datetime], float]) -> Iterator[str]:
    middle = top + _LANE // 2
    yield f'<text x="0" y="{middle + 4}">{html(train.title)}</text>'
    for freeze in train.freezes:
        left, right = at(freeze.start), at(freeze.end)
        span = f"{local_text(freeze.start, train.zone)} – {local_text(freeze.end, train.zone)}"
        yield (
            f'<rect x="{left}" y="{top + 8}" width="{max(right - left, 2):.1f}" height="{_LANE - 16}" '
            f'fill="{_COLOURS[freeze.mode]}" opacity=".6"><title>{html(freeze.name)} ({freeze.mode}), {html(span)}: '
            f"{html(freeze.why)}</title></rect>"
        )
    yield f'<line x1="{_LEFT}" y1="{middle}" x2="100%" y2="{middle}" stroke="#8c96a0"/>'
    for stop in train.stops:
        yield _mark(stop, train, at(stop.opens or stop.earliest), middle)


def _mark(stop: ForeseenShown, train: TrainForeseen, x: float, y: int) -> str:
    goes = stop.opens is not None and not stop.skipped
    colour = "#8a1f1f" if stop.conflicts or not goes else "#1f5f8a"
    said = html(
        f"{stop.departure} {stop.stop}, {local_text(stop.opens or stop.earliest, train.zone)}, "
        f"{stop.on_call or 'nobody'}. {' '.join(stop.conflicts)}"
    )
    if not goes:
        shape = f'<path d="M{x - 5},{y - 5} l10,10 m0,-10 l-10,10" stroke="{colour}" stroke-width="2.5" fill="none"/>'
    else:
        fill = colour if stop.stop == "cut" else "#fbfaf7"
        shape = f'<circle cx="{x}" cy="{y}" r="6" fill="{fill}" stroke="{colour}" stroke-width="2.5"/>'
    day = f"{to_local(stop.opens or stop.earliest, train.zone):%a}"
    where = y - 14 if stop.stop == "cut" else y + 24
    return f'<g><title>{said}</title>{shape}<text class="quiet" x="{x - 10}" y="{where}">{day}</text></g>'


def _table(train: TrainForeseen, names: dict[str, str]) -> Iterator[str]:
    heads = "".join(f"<th>{head}</th>" for head in ("opens", "departure", "stop", "on call", ""))
    yield f"<h2>{html(train.title)}</h2><table><tr>{heads}</tr>"
    for stop in train.stops:
        remarks = [f"moved from {stop.moved_from:%a %d %b}: a holiday"] if stop.moved_from else []
        remarks += ["skipped: a holiday"] if stop.skipped else []
        remarks += [f"frozen: {name}" for name in stop.freezes]
        who = names.get(stop.on_call, stop.on_call) if stop.on_call else "nobody"
        cells = (
            local_text(stop.opens or stop.earliest, train.zone),
            stop.departure.rpartition("/")[2],
            stop.stop,
            who,
        )
        bad = f'<span class="bad">{html("; ".join(stop.conflicts))}</span>' if stop.conflicts else ""
        row = "".join(f"<td>{html(cell)}</td>" for cell in cells)
        yield f"<tr>{row}<td>{html('; '.join(remarks))} {bad}</td></tr>"
    yield "</table>"
