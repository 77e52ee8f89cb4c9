"""A hotfix comes home: by a pull request to its branch, and onto the train that is under way (F39, F40, F42, F43).

Never by a direct push to the branch. Until it is there, whoever asked for it is reminded, and the next cut waits.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.departure_ids import kind_of
from stationmaster.core.gates import Standing
from stationmaster.core.manifest import Manifest
from stationmaster.core.transitions import Act
from stationmaster.departures import changes, telling, voting, wording_beside
from stationmaster.departures.acts import DepartureGuard, StateGuard
from stationmaster.departures.beside import ASKED, environment_of
from stationmaster.departures.homecoming import ON_TRAIN, REPLACED, Hotfixed, carries, picked, pull_key
from stationmaster.departures.legs import TAKEN_BACK, deployed, legs_of
from stationmaster.departures.obstacles import conducted_by, obstacle
from stationmaster.departures.picking import branch_of, put_on_top
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown
from stationmaster.ledger.records import DepartureState
from stationmaster.work import secrecy
from stationmaster.work.effects import Receipt, perform
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.hooks.forge_picks import PickConflict
    from stationmaster.ledger.records import Departure, Fact

HOME = "home"
REMINDED = timedelta(days=1)
"""How often whoever asked for a hotfix is reminded that it is not at home."""
_OPEN = (DepartureState.OPEN, DepartureState.CUTTING, DepartureState.STAGED, DepartureState.GATED)
_UNSENT = (EffectRefused, EffectUnknown, EffectAmbiguous, EffectBusy)


class NotPicked(LookupError):
    """A hotfix whose commits were never picked."""


class NotArrived(RuntimeError):
    """A hotfix that does not run where it was to come: nothing of it is told, and nothing of it comes home."""


def require_arrived(station: Station, departure: str) -> None:
    """Return if every component of a departure was seen where it was to come (F32).

    Without that it was not approved, perhaps, or not sent: a task before this one was marked as success.

    :raises NotArrived: which component was not.
    """
    found = station.ledger.departure(departure)
    legs = legs_of(station, departure, "promote")
    missing = [leg for leg in legs if not deployed(station, leg)]
    if legs and not missing and found is not None and found.state not in TAKEN_BACK:
        return
    what = ", ".join(f"{leg.component} {leg.sha[:12]}" for leg in missing) or "nothing of it"
    where = environment_of(station, departure, "promote")
    raise NotArrived(
        f"{departure} has not arrived: {what} was never seen in {where}. Clear the task that deploys it: it counts "
        "every gate, and deploys."
        if missing
        else f"{departure} does not run in {where}: there is nothing to bring home."
    )


def hotfix_of(station: Station, departure: str) -> Hotfixed:
    """Return what a hotfix is made of.

    :raises NotPicked: nothing yet.
    """
    found = station.ledger.departure(departure)
    hotfix = picked(station, found) if found is not None else None
    if hotfix is None:
        raise NotPicked(f"{departure} has no commits yet")
    return hotfix


def under_way(station: Station, component: str) -> Departure | None:
    """Return the departure of the train that carries a component and has not begun its promotion."""
    for departure in station.ledger.departures(station.train.key, _OPEN):
        manifest = station.ledger.manifest_of(departure.id)
        if manifest is not None and any(each.component == component for each in manifest.passengers):
            return departure
    return None


def to_branch(station: Station, departure: str) -> Standing:
    """Take the next step towards the branch: open the pull request, or look whether it was merged.

    What GitHub refuses is a blocker, and no failure of the hotfix: it runs in production all the same (F43).

    :raises NotArrived: it does not run in production.
    """
    require_arrived(station, departure)
    hotfix = hotfix_of(station, departure)
    standing = on_branch(station, departure)
    if standing.opens:
        return standing
    try:
        _open_pull(station, departure, hotfix)
    except _UNSENT as error:
        found = obstacle(station, error)
        return waiting(HOME, *on_branch(station, departure).blockers, *((found,) if found is not None else ()))
    return on_branch(station, departure)


def on_branch(station: Station, departure: str) -> Standing:
    """Return whether the branch has the hotfix now; reminds whoever asked for it while it has not."""
    hotfix = hotfix_of(station, departure)
    head = station.forge.head(hotfix.repository, hotfix.branch)
    if carries(station, head, hotfix):
        value = {"sha": head}
        station.ledger.record_once(departure, HOME, hotfix.branch, value, station.now(), "stationmaster")
        return passed(HOME)
    _remind(station, departure, hotfix)
    return waiting(HOME, not_on_branch(station, hotfix))


def keeps_the_cut(station: Station, hotfix: Hotfixed) -> Blocker:
    """Return why a hotfix keeps the next cut, as the train's channel may read it: a secret one is not named (D-15)."""
    if not secrecy.is_secret(station, hotfix.departure):
        return not_on_branch(station, hotfix)
    return blocker(
        "HOTFIX_NOT_ON_MAIN",
        who=conducted_by(station),
        subject=hotfix.component,
        hotfix=secrecy.UNNAMED.capitalize(),
        environment=station.train.production,
        branch=hotfix.branch,
        what="its own channel knows how far it is",
    )


def not_on_branch(station: Station, hotfix: Hotfixed) -> Blocker:
    """Return why a hotfix is not at home: its pull request, in words. It is for those who may know of the hotfix."""
    asked = station.ledger.fact(hotfix.departure, ASKED)
    effect = station.ledger.effect(pull_key(hotfix))
    what = "its pull request is not open yet"
    if effect is not None and effect.receipt:
        pull = station.forge.pull(hotfix.repository, int(effect.receipt["number"]))
        state = "was closed without a merge" if pull.state == "closed" and not pull.merged else "is open"
        what = (
            f"pull request #{pull.number} {state if not pull.merged else 'was merged, but its changes are not there'}"
        )
    return blocker(
        "HOTFIX_NOT_ON_MAIN",
        since=asked.at if asked is not None else None,
        who=(asked.by,) if asked is not None else (),
        subject=hotfix.departure,
        hotfix=hotfix.departure,
        environment=station.train.production,
        branch=hotfix.branch,
        what=what,
    )


def onto_train(station: Station, departure: str) -> Departure | None:
    """Put a hotfix's commits onto the departure under way and pin them there; return it, None if none needs them.

    Its votes are void, for it is another manifest (F40); whoever voted is asked again.

    :raises NotArrived: it does not run in production: what nobody has approved comes onto no train.
    :raises EffectRefused: by way of a PickConflict, too.
    """
    require_arrived(station, departure)
    hotfix = hotfix_of(station, departure)
    chosen = station.ledger.fact(departure, ON_TRAIN) or _choose_train(station, departure, hotfix)
    if chosen is None:
        return None
    train, old = str(chosen.value["departure"]), str(chosen.value["from"])
    new = put_on_top(
        station,
        f"{departure}/train/{train.rpartition('/')[2]}/{old}",
        repository=hotfix.repository,
        base=old,
        shas=hotfix.origins,
        branch=f"{branch_of(departure)}-train",
        guard=_BoardingGuard(station, train, departure),
    )
    found, manifest = station.ledger.departure(train), station.ledger.manifest_of(train)
    if found is None or manifest is None or found.state not in _OPEN:
        return None  # it has gone, or ended, meanwhile; whoever deploys it refuses what lacks the hotfix
    if manifest.sha_of(hotfix.component) == old:
        _board(station, departure, train, manifest, hotfix, old, new)
    _ask_anew(station, train)
    return station.ledger.departure(train)


class _BoardingGuard(StateGuard):
    """The guard of what is put onto a train: its state allows it, and the hotfix has arrived in production."""

    def __init__(self, station: Station, train: str, hotfix: str) -> None:
        super().__init__(station, train, Act.BOARD)
        self.hotfix, self.beside = hotfix, (hotfix,)

    def _ask(self) -> None:
        super()._ask()
        require_arrived(self.station, self.hotfix)


def boarded(station: Station, departure: str) -> str | None:
    """Return the departure that a hotfix was put onto, None where it was put onto none."""
    chosen = station.ledger.fact(departure, ON_TRAIN)
    if chosen is None:
        return None
    train = str(chosen.value["departure"])
    known = station.ledger.facts(train, kind=REPLACED)
    return train if any(fact.value["hotfix"] == departure for fact in known) else None


def _choose_train(station: Station, departure: str, hotfix: Hotfixed) -> Fact | None:
    """Write down which departure is to get a hotfix, before anything is done to it: a worker may die over it (F02)."""
    train = under_way(station, hotfix.component)
    manifest = station.ledger.manifest_of(train.id) if train is not None else None
    if train is None or manifest is None or carries(station, manifest.sha_of(hotfix.component), hotfix):
        return None
    value = {"departure": train.id, "from": manifest.sha_of(hotfix.component)}
    return station.ledger.record_once(departure, ON_TRAIN, "train", value, station.now(), "stationmaster")


def not_on_train(station: Station, departure: str, conflict: PickConflict) -> Blocker:
    """Return why a hotfix cannot be put onto the train by itself."""
    hotfix = hotfix_of(station, departure)
    train = under_way(station, hotfix.component)
    return blocker(
        "HOTFIX_NOT_ON_TRAIN",
        who=conducted_by(station),
        hotfix=departure,
        environment=station.train.production,
        departure=train.id if train is not None else "the train",
        why=f"{conflict.sha[:12]} does not go on top of it by itself",
    )


def _board(
    station: Station, departure: str, train: str, manifest: Manifest, hotfix: Hotfixed, old: str, new: str
) -> None:
    rule = station.train.beside(kind_of(departure))
    passengers = [
        each.model_copy(update={"sha": new}) if each.component == hotfix.component else each
        for each in manifest.passengers
    ]
    value = {"from": old, "to": new, "hotfix": departure, "restarts_soak": rule is None or rule.restarts_soak}
    once = f"{REPLACED}/{hotfix.component}/{new}"
    station.ledger.record_once(train, REPLACED, hotfix.component, value, station.now(), "stationmaster", key=once)
    changes.keep_back(station, departure, hotfix.repository, old, new)
    station.ledger.pin(train, Manifest.of(passengers), station.now(), "stationmaster", act=Act.BOARD)


def _ask_anew(station: Station, train: str) -> None:
    """Say what is aboard now, and ask the voters if they had been asked: each once for each manifest."""
    manifest, found = station.ledger.manifest_of(train), station.ledger.departure(train)
    if manifest is not None:
        changes.collect(station, train, manifest)
    if found is not None and found.state is DepartureState.GATED:
        voting.open_round(station, train)
    telling.refresh_headline(station, train)


def _open_pull(station: Station, departure: str, hotfix: Hotfixed) -> Receipt:
    head, key = branch_of(departure), pull_key(hotfix)
    title, body = wording_beside.pull_request(station, departure, hotfix)

    def act() -> Receipt:
        station.forge.move_branch(hotfix.repository, head, hotfix.sha)
        pull = station.forge.open_pull(hotfix.repository, head, hotfix.branch, title, body, key)
        return {"number": pull.number, "url": pull.url}

    def look_up() -> Receipt | None:
        pull = station.forge.find_pull(hotfix.repository, head, hotfix.branch, key)
        return {"number": pull.number, "url": pull.url} if pull is not None else None

    intent = {"repository": hotfix.repository, "head": head, "base": hotfix.branch}
    guard = _HomeGuard(station, departure, Act.BRING_HOME, why="its way home")
    return perform(station, key, guard=guard, intent=intent, act=act, look_up=look_up)


class _HomeGuard(DepartureGuard):
    """The guard of the way home: the state allows it, and the hotfix has arrived in production."""

    def ask(self) -> None:
        """Ask the state, and for the arrival."""
        super().ask()
        require_arrived(self.station, self.subject)


def _remind(station: Station, departure: str, hotfix: Hotfixed) -> None:
    asked = station.ledger.fact(departure, ASKED)
    opened = station.ledger.effect(pull_key(hotfix))
    if asked is None or opened is None or not opened.receipt:
        return
    turn = int((station.now() - opened.changed_at) / REMINDED)
    if turn:
        text = wording_beside.bring_home(station, hotfix, asked.by, str(opened.receipt["url"]))
        telling.tell(station, departure, f"home/reminder-{turn}", text)
