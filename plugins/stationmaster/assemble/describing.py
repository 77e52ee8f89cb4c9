"""What stands on a DAG's page: what it does, when, who is asked, what to do when it fails."""

from __future__ import annotations

from pathlib import Path

from stationmaster.config.components import Component
from stationmaster.config.fields import in_words
from stationmaster.config.rolling_out import Rollout
from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.config.upgrading import Upgrades
from stationmaster.config.weekly_measures import WeeklyMeasures
from stationmaster.core.departure_ids import DepartureKind


def cut_doc(include: Path, train: TrainConfig) -> str:
    """Return the Markdown of the cut DAG."""
    stop, lists = train.stops.cut, _lists(train, train.staging)
    carried = "\n".join(
        f"- `{component.id}` ({component.repository}): {component.deploy(train.staging).mode}"
        for component in train.components
    )
    return f"""# {train.title}: cut

**What.** Asks the channel whom to wait for, pins the newest green commit of each component, deploys the manifest to
{train.staging}, verifies it there, asks for the test lists, and tells the channel:

{carried}

**When.** Every {stop.day.value.capitalize()} at {stop.earliest:%H:%M} ({train.zone}); due by {stop.target:%H:%M}, at
the latest {stop.latest_start:%H:%M}. Start it by hand to adopt this week's departure.

**Who is asked.** The person who holds the role `{train.on_call}` when a task runs, and the backups of the
escalation.{lists}

**If it fails.** Read the failed task's log: it names a code, a sentence and a way out. Clear the failed task when the
cause is gone; what was done is found in the ledger and not done again. A deploy that failed is not begun again by
that: its task asks what follows. Do not start a second run.

**Dry run.** `stationmaster rehearse --teams {train.team} --weeks 1` runs all of it against stand-ins.

{_runbook(include, train.runbooks.cut)}"""


def promote_doc(include: Path, train: TrainConfig) -> str:
    """Return the Markdown of the promote DAG."""
    stop, gates = train.stops.promote, train.gates
    confirm = f"; then `{gates.confirm.role}` gives the final go" if gates.confirm else ""
    return f"""# {train.title}: promote

**What.** Waits for the soak of {gates.soak.days} days{_votes(train)}{confirm}; deploys the manifest to
{train.production} component by component, verifies it, and {_if_one_fails(train)}. The task that deploys counts
every gate again: marking a gate as success opens nothing.

**When.** Every {stop.day.value.capitalize()} at {stop.earliest:%H:%M} ({train.zone}); due by {stop.target:%H:%M}, at
the latest {stop.latest_start:%H:%M}. After that the departure has missed its window, and nothing is deployed.

**Who is asked.** Every voter has a ballot of their own, in Airflow and in Slack. Questions about the deploy go to
the person who holds `{train.on_call}` when the task runs, and to the
backups.{_rules(train)}{_lists(train, train.production)}

**If it fails.** {_after_a_failure(train)} Read the failed task's log and the
`{train.runbooks.deploy_failed}` runbook. {_what_is_asked(train)}

**Dry run.** `stationmaster rehearse --teams {train.team} --weeks 1` runs all of it against stand-ins.

{_runbook(include, train.runbooks.promote)}"""


def _lists(train: TrainConfig, environment: str) -> str:
    """Return that test lists follow the deploys, and who is asked: people know before they are asked (C-20)."""
    tested = [f"`{each.id}`" for each in train.components if each.checklist_of(environment)]
    if not tested:
        return ""
    what = "If something failed, they are asked what follows."
    if environment == train.production and train.on_failed_test == "roll_back":
        what = "If something failed, it is taken back by itself."
    return f"\nOnce {environment} runs it, they are asked to walk through the test list of {', '.join(tested)}. {what}"


def rollback_doc(include: Path, train: TrainConfig) -> str:
    """Return the Markdown of the rollback DAG."""
    marks = ", ".join(f"`{label}`" for label in train.rollback.irreversible) or "no label"
    return f"""# {train.title}: rollback

**What.** Takes {train.production} back: each component to what was healthy there before, or to the week that you name.
{_by_hand(train)}A promotion that is under way is stopped, and all that it has sent goes back. What has come since,
such as a hotfix, stays unless you name the week. The manifest is rejected at once: nothing brings it again before that
is lifted. No freeze and no gate keeps a rollback.

**When.** Started by hand. The first task says what will happen, and changes nothing; with `dry_run`, as the form has it
at first, nothing else is done.

**Who is asked.** Nobody, as a rule. It is done in the name of the person who fills the form in, with their
reason.{_only(train)} If a deployment does not stop, not by force either, that person and the backups are asked whether
to go on without it.

**If it fails.** The log's last line names what is wrong, and which weeks can be gone back to. A change that bears
{marks} is not undone by going back: the form asks whether you accept that. If the way back itself fails, start the form
again, to the same week or another. If you bring {train.production} back by hand, clear the task: it only looks, and
ends the departure as ROLLED_BACK.

**Dry run.** The form's own.

{_runbook(include, train.runbooks.rollback)}"""


def exception_doc(team: TeamConfig, train: TrainConfig) -> str:
    """Return the Markdown of a train's exception form."""
    rule = team.freeze_exceptions
    freeze = in_spite = until = ""
    if rule is not None:
        freeze = f"{rule.needed} of the group `{rule.approvers}` for a freeze; otherwise one"
        in_spite = "that a departure goes in spite of a freeze, "
        until = ", a freeze's for as long as the team's file says,"
    group = train.rules.actors
    others = f"members of `{group}`" if group is not None else "people of the team"
    return f"""# {train.title}: exception

**What.** What one person may not decide: {in_spite}that a manifest that was taken
back is promoted again, or what to think of a commit on {train.production} that no departure brought (the blocker
DRIFT): that it is right, so that what comes next must contain it, or that the train may replace it.

**When.** Started by hand. The person who fills the form in asks for it. An exception is good for a day at
most{until} and for one use.

**Who is asked.** {freeze or "One"} of the {others}, so that two people agree: never the person who asks,
and no robot; each as a required action of their own. One refusal ends it. Only what is answered in Airflow counts: it
proves who answers.

**If it fails.** The log's last line names what is wrong: nothing is rejected, another commit runs there, too few people
may approve. Start the form again. Clearing a task does nothing twice.

**Dry run.** None: nothing is changed before the others have approved.
"""


def hotfix_doc(include: Path, train: TrainConfig, kind: DepartureKind) -> str:
    """Return the Markdown of a hotfix DAG."""
    rule = train.beside(kind)
    secret = (
        " Nothing of it is said in the train's channel, and its notes are kept back, until somebody discloses it "
        "(`stationmaster disclose`); commits of a public repository are public all the same: write them in a private "
        "fork."
        if kind is DepartureKind.SECURITY_HOTFIX
        else ""
    )
    needed = rule.approvals if rule is not None else 0
    back = (
        "A failed deploy is taken back by itself, whatever the train's file says of its promotions. "
        if any(_goes_back(train))
        else ""
    )
    return f"""# {train.title}: {kind.words}

**What.** Puts the commits that you name on top of what {train.production} runs, and brings that there at once: no
window, no soak. It is done when it runs there, its branch has it, by a pull request, and the train that is under way
has it, too; that train is voted on anew. Until the branch has it, the next train is not cut.{secret}

**When.** Started by hand. The first task says what will happen, and changes nothing; with `dry_run`, as the form has it
at first, nothing else is done.

**Who is asked.** {needed} of the voters, neither the person who asks nor the author of a commit.

**If it fails.** The log's last line names what is wrong: a commit that is not on the branch, one that runs there
already, one that does not go on top without a person. {back}{_by_hand(train)}Otherwise clear the failed
task to go on where it stopped; a deploy that failed, and a verification whose window is over, ask what follows.

**Dry run.** The form's own.

{_runbook(include, train.runbooks.hotfix)}"""


def feature_build_doc(train: TrainConfig) -> str:
    """Return the Markdown of the feature build DAG."""
    builds = train.feature_builds
    return f"""# {train.title}: feature build

**What.** Puts the commits that you name on top of what a departure has cut, and brings that to
{builds.environment if builds is not None else "an environment"}: a variant of the train, which never goes further.

**When.** Started by hand. The first task says what will happen, and changes nothing; with `dry_run`, as the form has it
at first, nothing else is done.

**Who is asked.** Nobody.

**If it fails.** The log's last line names what is wrong. Clear the failed task to go on where it stopped; a deploy
that failed asks what follows.

**Dry run.** The form's own.
"""


def rollout_doc(train: TrainConfig, rollout: Rollout) -> str:
    """Return the Markdown of a train's rollout DAG."""
    alerts = rollout.alerts
    return f"""# {train.title}: rollout

**What.** Brings the commit of `{rollout.component}` that the departure of this week, or of the week that you name, has
brought to production to the targets of the plan in the form ({len(rollout.targets)} are known), batch by batch, over
days. Each batch waits for its time and for the batches before it; makes a proposal for each target unless the newest
one is ours already; asks for votes; waits until they are accepted, until the targets run the version, and until no
alert of theirs has fired for {in_words(alerts.quiet)}.

**When.** Started by hand. With `dry_run`, as the form has it at first, the plan is checked and the schedule said, and
nothing else happens.

**Who is asked.** The person who holds `{rollout.vote.role}`, in Slack, to vote in the proposal system. A batch that
gets no further is told again every {in_words(rollout.stall)}.

**If it fails.** A plan with mistakes fails the first task, which lists all of them with their lines. So do targets that
run something newer: name those that are to go back under *Take back*. If the departure of this week is not promoted,
nothing is rolled out, and the person on call is told. More failed
targets in a batch than are tolerated hold it: `stationmaster rollout again`, `leave` or `abort` decide. Clear a failed
task: no proposal is made twice, however often it is tried. `stationmaster rollout pause` holds what has not begun.

**Dry run.** The form's own, or `stationmaster rollout preview {train.key}`.
"""


def handoff_doc(include: Path, team: TeamConfig, entry: RotationEntry) -> str:
    """Return the Markdown of a rotation's handoff DAG."""
    notices, check = entry.notices, entry.access
    roles = ", ".join(f"`{role}`" for role in entry.roles)
    when = handoff_words(entry, entry.zone or team.zone)
    told = f"Tells {roles} in #{team.channels[notices.channel].name}" if notices is not None else "Tells nobody"
    mail = ", and by mail," if notices is not None and notices.mail else ""
    asks = (
        f"Asks the roles that rotate whether they can open everything on `{check.page}`; what is missing is asked for "
        f"in #{team.channels[check.channel].name}. A person who has everything is not asked again for "
        f"{in_words(check.every)}."
        if check is not None
        else "Asks nobody for access."
    )
    return f"""# {entry.title}: handoff

**What.** Writes down who comes on call. {told}{mail} from when until when they are, and who is told next if they do not
answer. {asks}

**When.** {when}, whatever the season. Start it by hand for the shift that is under way.

**Who is asked.** {_asked_at_a_handoff(entry)}

**If it fails.** It waits rather than fails: for Slack, for the mail server, for an answer, at the longest until the
shift is over. A mail of which nobody knows whether it was sent is never sent twice: settle it in the ledger, or let it
be. Clear a failed task when the cause is gone; nobody is told twice.

**Dry run.** `stationmaster who {team.id} --at` an instant says who comes on call then.

{_runbook(include, notices.runbook) if notices is not None and notices.runbook is not None else ""}"""


def changes_doc(_: Path, team: TeamConfig, entry: RotationEntry) -> str:
    """Return the Markdown of a rotation's changes DAG."""
    notices = entry.notices
    before = ", ".join(in_words(offset) for offset in notices.before) if notices is not None else ""
    ahead = f" The person who comes next is told {before} before." if before else ""
    return f"""# {entry.title}: changes

**What.** Follows each shift from one handoff of the plan to the next. When an override or an accepted swap begins or
ends in it, the person who comes on call is told, the Slack handle moves, and the open work is handed over: as at any
handoff, each once.{ahead} After `stationmaster lock`, everybody whose shifts moved is told the difference.

**When.** {handoff_words(entry, entry.zone or team.zone)}, until the next handoff: one run is always under way, and
holds no worker.

**Who is asked.** Nobody.

**If it fails.** Clear the task: what was said and done stands in the ledger, and is not repeated.

**Dry run.** `stationmaster schedule {team.id}` shows who is on call, with every change.
"""


def override_doc(team: TeamConfig, entry: RotationEntry) -> str:
    """Return the Markdown of a rotation's override form."""
    return f"""# {entry.title}: override

**What.** Puts somebody else on call for a while, in the name of the person who fills the form in. It stands in the
ledger's audit, shows in every view, and is handed over when it begins and when it ends.

**When.** Started by hand.

**Who is asked.** Nobody.

**If it fails.** The log's last line says what is wrong: a person who holds another role then, a time that has been, an
override that says something else. Start the form again.

**Dry run.** `stationmaster schedule {team.id}` shows who would be on call without it;
`stationmaster override withdraw {team.id} ID --by YOU` takes it back, with the id that
`stationmaster override list {team.id}` shows and your own.
"""


def swap_doc(team: TeamConfig, entry: RotationEntry) -> str:
    """Return the Markdown of a rotation's swap form."""
    return f"""# {entry.title}: swap

**What.** Asks a person to take a shift, or a part of one, perhaps for one of theirs. Nothing changes until they accept.

**When.** Started by hand.

**Who is asked.** The taker, and nobody in their place; until the shift begins.

**If it fails.** The log's last line says what is wrong. A swap whose shift has moved is stale: ask for another.

**Dry run.** `stationmaster swap suggest {team.id} --role {next(iter(entry.roles))} --start … --end …` says who could
take the shift; both times are local, such as 2026-03-09T09:00.
"""


def source_doc(team: TeamConfig, entry: RotationEntry) -> str:
    """Return the Markdown of the DAG that reads what else keeps a rotation."""
    source = entry.source
    if source is None:
        raise LookupError(f"{team.id}.{entry.id} has no source")
    roles, what, zone = ", ".join(source.schedules), source.what, entry.zone or team.zone
    if source.decides:
        purpose = f"""Reads who is {roles} by {what}, {source.ahead.days} days ahead, and keeps it: the
person whom it names is on call. Overrides and swaps made here still change it.
The person who gets or loses a shift is told the difference."""
        when, unread = (
            "Every quarter of an hour",
            "The last good answer stays in force; the team hears of it once a day.",
        )
        dry = f"`stationmaster schedule {team.id}` shows who is on call by the last good answer."
    else:
        purpose = f"""Holds the files against {what}, {source.ahead.days} days ahead, for {roles}. Where they name
different people the team hears of it, once for each difference. Nothing is changed on either side."""
        when, unread = f"Each day at 07:30 ({zone})", "The team hears of it once a day."
        dry = f"`stationmaster drift {team.id} --role {next(iter(source.schedules))}` compares now."
    return f"""# {entry.title}: source

**What.** {purpose}

**When.** {when}; and whenever it is started by hand.

**Who is asked.** Nobody.

**If it fails.** The log's last line says why: no answer, a login that is refused, somebody who is not in the team's
file. It is tried three times. {unread}

**Dry run.** {dry}
"""


def measures_doc(team: TeamConfig, rules: WeeklyMeasures) -> str:
    """Return the Markdown of the DAG of a team's weekly measures."""
    timetable = rules.timetable(team.zone)
    return f"""# {team.title}: measures

**What.** Says how each train did in the four weeks that are over, beside the four before: promotions a week, lead time,
change failure rate, time to restore, interventions, late stops. docs/how-it-works.md has the formulas.

**When.** Every {timetable.day.value.capitalize()} at {timetable.earliest:%H:%M} ({timetable.zone}). Started by hand, it
tells this week's message if nobody has been told.

**Who is asked.** Nobody. #{team.channels[rules.channel].name} is told.

**If it fails.** It waits rather than fails while Slack is silent. Clear a failed task when the cause is gone: what was
said stands in the ledger, and is not repeated.

**Dry run.** {_figures(team)}
"""


def upgrades_doc(include: Path, team: TeamConfig, rules: Upgrades) -> str:
    """Return the Markdown of the DAG of a team's dependency upgrades."""
    timetable = rules.timetable(team.zone)
    carried = "\n".join(
        f"- {entry.repository}: `{entry.workflow}`, "
        + ("merged by itself if patch-level and green" if entry.merge == "patch" else "merged by a person")
        for entry in rules.repositories
    )
    return f"""# {team.title}: dependencies

**What.** Starts the upgrade workflow of each repository, finds its pull request, closes older ones of the same
workflow, and follows the checks. What the policy allows is merged; the rest is a task of the person on call.

{carried}

**When.** Every {timetable.day.value.capitalize()} at {timetable.earliest:%H:%M} ({timetable.zone}). Start it by hand to
adopt this week's upgrade. When the next one begins, an open one is over.

**Who is asked.** The person who holds `{rules.role}`, in Airflow and in #{team.channels[rules.channel].name}; told
again every {in_words(rules.remind)}. When their shift ends, the task goes to the next one. Merging or closing on GitHub
answers it.

**If it fails.** It waits rather than fails: for GitHub, for the end of a freeze, for an answer. Nothing is merged while
something is frozen, or while `stationmaster halt {team.id}.dependencies` holds it. Clear a failed task when the
cause is gone; nothing is started, closed or merged twice.

**Dry run.** `stationmaster rehearse --teams {team.id} --weeks 1` runs all of it against stand-ins.

{_runbook(include, rules.runbook)}"""


def absences_doc(team: TeamConfig) -> str:
    """Return the Markdown of the DAG that reads a team's calendar of absences."""
    return f"""# {team.title}: absences

**What.** Reads from the team's calendar who is away. A shift of somebody who is away is reported with who could step
in, and stays theirs until somebody swaps.

**When.** Every quarter of an hour.

**Who is asked.** Nobody.

**If it fails.** The absences that were read last stay known. The log's last line says why.

**Dry run.** `stationmaster gaps {team.id}` lists shifts of people who are away.
"""


def escalate_doc(team: TeamConfig) -> str:
    """Return the Markdown of a team's escalation form."""
    circles = "\n".join(
        f"- **{circle.title}**: {team.people[circle.owner].name}, {circle.repository}"
        for circle in team.circles.values()
    )
    return f"""# {team.title}: escalate

**What.** Writes an urgent matter as an issue, assigned to the owner of its circle, and tells the circle's channel.

{circles}

**When.** Started by hand.

**Who is asked.** The owner, in the issue.

**If it fails.** The log's last line says why; clear the task: the issue is written once, however often it is tried.

**Dry run.** None: nothing happens before the form is sent.
"""


def handoff_words(entry: RotationEntry, zone: str) -> str:
    """Return when a rotation hands over: ``Every week, on Monday at 09:00 (America/Los_Angeles)``."""
    every = f"Every {entry.kind.unit}" if entry.length == 1 else f"Every {entry.length} {entry.kind.unit}s"
    on = f", on {entry.handoff.day.value.capitalize()}" if entry.handoff.day is not None else ""
    return f"{every}{on} at {entry.handoff.at:%H:%M} ({zone})"


def _rules(train: TrainConfig) -> str:
    """Return what the train's rules add: nothing for a train without them."""
    rule, blocking = train.rules.issue, train.gates.blocking_labels
    issue = ""
    if rule is not None:
        wanted = {
            "required": "needs an open issue",
            "written": "is logged as an issue",
            "optional": "may name an issue",
        }
        issue = f" The departure {wanted[rule.mode]} of {rule.repository}."
    labels = ", ".join(f"`{label}`" for label in blocking.labels) if blocking is not None else ""
    kept = f" An open issue with {labels} keeps it back." if labels else ""
    board = f" An open issue with the label `{train.board.test}` keeps it back." if train.board is not None else ""
    return f"{_only(train)}{issue}{kept}{board}"


def _votes(train: TrainConfig) -> str:
    """Return what the promotion waits for of its voters: nothing where nobody votes."""
    rule = train.gates.quorum
    groups = " and ".join(f"`{group}`" for group in rule.groups)
    if rule.mode == "none":
        return ""
    if rule.mode == "all_roles":
        fewest = f", {rule.needed} people at least" if rule.needed > 1 else ""
        return f" and for the quorum (somebody of each of {groups}{fewest})"
    return f" and for the quorum ({rule.needed} of the group{'s' * (len(rule.groups) > 1)} {groups})"


def _if_one_fails(train: TrainConfig) -> str:
    """Return what the promotion does when a component does not arrive."""
    if train.on_partial_failure == "compensate" and any(_goes_back(train)):
        return "takes it back if a deploy fails"
    if train.on_partial_failure == "continue":
        return "goes on with the other components if one fails"
    return "leaves what follows to a person if that fails"


def _after_a_failure(train: TrainConfig) -> str:
    """Return what a person finds after a failed promotion."""
    if train.on_partial_failure == "compensate":
        return f"If `roll_back` is green, {train.production} is back on what it ran before. {_by_hand(train)}".strip()
    form = "the rollback form names the target of each component"
    if any(_goes_back(train)):
        form = "answer *Roll back*, or start the rollback form"
    return f"Nothing is taken back by itself: {form}."


def _what_is_asked(train: TrainConfig) -> str:
    """Return what a task asks after a failure, and which answers the components of the train allow."""
    again = any(_goes_back(train)) or any(each.deploy(train.production).mode == "proposal" for each in _aboard(train))
    answers = ["deploy again"] * again + ["verify again"] + ["roll back"] * any(_goes_back(train)) + ["leave it"]
    deploys = "and a failed deploy whose task is cleared, ask" if again else "asks"
    only = " Only that answer begins another attempt." if again else ""
    comma = "," * again
    return f"A verification whose window is over{comma} {deploys} what follows: {', '.join(answers)}.{only}"


def _by_hand(train: TrainConfig) -> str:
    """Return which components a person takes back; a sentence and a space, nothing where there are none."""
    names = [f"`{each.id}`" for each, able in zip(_aboard(train), _goes_back(train), strict=True) if not able]
    if not names:
        return ""
    told = "the task that takes back fails and names the target. Bring it back, then clear the task. "
    return f"{' and '.join(names)} {'goes' if len(names) == 1 else 'go'} back by hand: {told}"


def _aboard(train: TrainConfig) -> list[Component]:
    return [each for each in train.components if each.deploy(train.production).mode != "none"]


def _goes_back(train: TrainConfig) -> list[bool]:
    """Return of each component in production whether the station can take it back: by a workflow alone."""
    deploys = (each.deploy(train.production) for each in _aboard(train))
    return [deploy.mode in ("workflow", "on_merge") and deploy.workflow is not None for deploy in deploys]


def _asked_at_a_handoff(entry: RotationEntry) -> str:
    """Return who is asked when a shift begins, and who may answer in their place."""
    asked = "The person who comes on call, and nobody in their place."
    if entry.acknowledge is not None:
        always = (role for role, rule in entry.roles.items() if rule.person is not None)
        roles = [f"`{role}`" for role in dict.fromkeys((*(step.role for step in entry.escalation), *always))]
        others = f"the person who holds {' or '.join(roles)}" if roles else "the others who take turns"
        asked = f"The person who comes on call. That they have taken over may be said by {others}, too."
    return asked + (" The person who leaves is asked how the shift was." if entry.feedback else "")


def _figures(team: TeamConfig) -> str:
    """Return the commands that show the figures of a team's trains."""
    shown = " and ".join(f"`stationmaster stats {train.key}`" for train in team.trains.values())
    return f"{shown or '`stationmaster stats` with a train'} shows the figures."


def _only(train: TrainConfig) -> str:
    group = train.rules.actors
    return f" Only members of the group `{group}` may change {train.production} (T-01)." if group is not None else ""


def _runbook(include: Path, page: str) -> str:
    from stationmaster.config.runbooks import body

    path = include / "runbooks" / f"{page}.md"
    if not path.is_file():
        return ""
    return f"---\n\n{body(path.read_text(encoding='utf-8'))}"
