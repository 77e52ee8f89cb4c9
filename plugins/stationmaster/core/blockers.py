"""Why something waits: one catalogue of codes, each with its sentence and its way out.

Sentences are plain text and may quote what came from outside: the code that shows them escapes them (F65). Each is one
line, in which no value can be clicked; what a person wrote stands in the quotation marks of its template (S5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from pydantic import Field

from stationmaster.core import escaping
from stationmaster.core.instants import Instant, local_text
from stationmaster.core.value import Value

LONGEST_VALUE = 300
"""Characters of one value in a sentence; what is longer is cut."""

_QUOTED = re.compile("“({[a-z_]+})”")
_UNSAID = "no reason given"
_LINKS = frozenset({"run"})
"""Values that are an address which we were given by the other side's API, and that stay a link."""


class UnknownBlocker(LookupError):
    """A code that the catalogue does not have."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        """Name the code and the way out."""
        return f"{self.code!r} is not in the catalogue of blockers. Add it to stationmaster.core.blockers.CATALOGUE."


class IncompleteBlocker(TypeError):
    """The values given do not fill the sentence of a code exactly."""

    def __init__(self, code: str, missing: frozenset[str], unknown: frozenset[str]) -> None:
        """Keep what is missing and what is too much."""
        super().__init__(code, missing, unknown)
        self.code, self.missing, self.unknown = code, missing, unknown

    def __str__(self) -> str:
        """Name the code and the values."""
        return f"blocker {self.code}: missing values {sorted(self.missing)}, unknown values {sorted(self.unknown)}"


class BlockerKind(Value):
    """One entry of the catalogue: the templates take their values in braces."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")
    sentence: str = Field(min_length=1)
    how: str = Field(min_length=1)

    @property
    def quoted(self) -> frozenset[str]:
        """The names of the values that a person wrote: in the templates they stand in quotation marks (S5)."""
        return frozenset(name[1:-1] for name in _QUOTED.findall(f"{self.sentence} {self.how}"))

    @property
    def values(self) -> frozenset[str]:
        """The names of the values that the templates need."""
        names = (name for text in (self.sentence, self.how) for _, name, _, _ in Formatter().parse(text))
        return frozenset(name for name in names if name)


class Blocker(Value):
    """Why something waits.

    ``since`` is when it began to wait, ``who`` the person ids who can clear it and ``how`` the way; ``clears_at`` is
    the instant at which it clears by itself, if it does. ``subject`` tells two blockers of one code apart (a
    component, a person).
    """

    code: str
    sentence: str
    since: Instant | None = None
    who: tuple[str, ...] = ()
    how: str
    clears_at: Instant | None = None
    subject: str = ""


def _catalogue(*entries: tuple[str, str, str]) -> dict[str, BlockerKind]:
    return {code: BlockerKind(code=code, sentence=sentence, how=how) for code, sentence, how in entries}


CATALOGUE: dict[str, BlockerKind] = _catalogue(
    # Calendar
    ("BEFORE_EARLIEST", "It is before {opens}, the earliest time of this stop.", "Nothing to do: it opens by itself."),
    (
        "MISSED_WINDOW",
        "The window of this stop closed at {closed}.",
        "Nothing to do: the next departure carries these commits. What cannot wait goes as a hotfix, by its form.",
    ),
    (
        "SOAKING",
        "The release has been on staging since {staged} and soaks until {ends}.",
        "Nothing to do: the soak ends by itself.",
    ),
    ("NOTHING_STAGED", "No release of this departure is on staging.", "Finish the cut, or clear its failed task."),
    # Ballots
    (
        "QUORUM_MISSING",
        "{given} of {needed} approvals are given for manifest {manifest}{missing}.",
        "Answer LGTM in Slack, or approve your own ballot in Airflow.",
    ),
    (
        "BALLOT_OPEN",
        "The voter of this ballot has not answered for manifest {manifest}.",
        "Approve or veto here, in a form that names this manifest, or in Slack; a ballot not needed closes by itself.",
    ),
    (
        "VETOED",
        "{voter} vetoed manifest {manifest}: “{reason}”.",
        (
            "The voter replies withdraw or LGTM in Slack's thread, below all that stands there, or takes it away; in "
            "Airflow an approval lifts it only from five minutes after it. Or the next cut brings another manifest."
        ),
    ),
    (
        "OBJECTION_UNCLEAR",
        "{voter} wrote about manifest {manifest} what may be a veto: “{text}”.",
        (
            "They reply LGTM, veto or withdraw. Or the person who gives the final go and one other voter (two voters "
            "where nobody gives one) pass over it: each replies in the thread: pass over, and mentions whom."
        ),
    ),
    (
        "CHAT_UNREADABLE",
        "Slack cannot be read, and a veto may stand there: {why}.",
        (
            "Fix what keeps Slack from being read: invite the app into the channel, renew its token. Only while Slack "
            "itself is out, the person who gives the final go and another voter (two voters where nobody gives one) "
            "may go without it: each ticks that in their form in Airflow; clear the task of a form that is answered."
        ),
    ),
    (
        "ACCOUNT_CANNOT_VOTE",
        "{voter} approved with the Slack account {account}, which {state}: that does not count.",
        "They answer their ballot in Airflow, or with an account that is an active, full member of the workspace.",
    ),
    (
        "AUTHORS_UNREAD",
        "Who wrote what manifest {manifest} brings has not been read yet, so nobody knows whose approval counts.",
        "Nothing to do while GitHub answers: it is read at the next look.",
    ),
    (
        "AUTHOR_UNPROVED",
        "GitHub does not prove who wrote all that manifest {manifest} brings.",
        (
            "Ask the author to add their mail address to their GitHub account; it is asked again every ten minutes. Or "
            "write unknown_author: one_more in the train's file."
        ),
    ),
    (
        "CONFIRMATION_MISSING",
        "{role} has not confirmed the promotion of manifest {manifest}.",
        "Answer the confirmation task of this run. Its form must name this manifest.",
    ),
    (
        "CONFIRMATION_REFUSED",
        "{person} refused to confirm the promotion of manifest {manifest}.",
        "The same person confirms after all, or the departure is skipped.",
    ),
    (
        "COUNT_OUTDATED",
        "Votes or records have changed each time that the gates were counted, so nothing was sent.",
        "Nothing to do: they are counted again at the next look.",
    ),
    # Rules of the team
    (
        "ACTOR_NOT_ALLOWED",
        "Only members of {group} may change {environment}, and who acts is {actor}.",
        "A member of the group does it; the train's file names the group under rules.actors.",
    ),
    (
        "ISSUE_MISSING",
        "No issue of {repository} is given for this change.",
        "Give its link where the final go is asked for, or with stationmaster link.",
    ),
    (
        "ISSUE_UNREADABLE",
        "The issue {issue} cannot be read: {why}.",
        "Fix what keeps it from being read, or give another one.",
    ),
    ("ISSUE_CLOSED", "The issue {issue} is closed.", "Open it again, or give one that is open."),
    (
        "RELEASE_BLOCKED",
        "{count} open issue(s) keep the release back: {issues}.",
        "Fix and close them, or take the blocking label away.",
    ),
    (
        "RELEASE_BLOCKED_LATELY",
        "{issue} kept the release back until lately; it has to be quiet until {ends}.",
        "Nothing to do: it opens by itself, unless something new gets in the way.",
    ),
    (
        "BLOCKING_UNREADABLE",
        "Whether an issue of {repository} keeps the release back cannot be read: {why}.",
        "Fix the connection, or the repository in gates.blocking_labels; it is asked again.",
    ),
    (
        "BOARD_UNTESTED",
        "{count} open issue(s) of the board stand in {column}: {issues}.",
        "Test them and give them the label of the next column, or take the label away.",
    ),
    (
        "BOARD_UNREADABLE",
        "Whether the board's issues of {repository} are tested cannot be read: {why}.",
        "Fix the connection, or the repository in board.repositories; it is asked again.",
    ),
    (
        "TAG_TAKEN",
        "The tag {tag} of {repository} stands at {found}, not at {sha}. A tag is never moved.",
        "Find out who made it. Give the release another tag in the train's file, or let it be.",
    ),
    ("CHECKLIST_OPEN", "The checklist of {component} has open items: {items}.", "Walk through the list and answer it."),
    (
        "CHECKLIST_FAILED",
        "The checklist of {component} failed at: {items}.",
        "Say in the form of the list what follows: the field What follows.",
    ),
    (
        "CHECKLIST_PASSED_OVER",
        "{person} goes on although the checklist of {component} failed at: {items}. Reason: “{reason}”.",
        "Nothing to do: it is written down, for this commit and these items.",
    ),
    (
        "HOLD_ASKED",
        "The channel has been asked whether a pull request should be waited for; the answer is open.",
        "Name the pull requests to wait for, or answer that there are none.",
    ),
    (
        "HELD_FOR_PULL_REQUEST",
        "The cut waits for {pull_request}.",
        "Merge or close the pull request, or take it off the hold list.",
    ),
    # Checks and history
    (
        "NO_GREEN_COMMIT",
        "None of the newest {looked_at} commits of {component} has green checks.",
        "Fix the checks on the branch, or board an older commit by hand.",
    ),
    (
        "CHECKS_PENDING",
        "The checks of {component} at {sha} are running: {checks}.",
        "Nothing to do: wait for them to end.",
    ),
    (
        "CHECKS_RED",
        "The checks of {component} at {sha} failed: {checks}.",
        "Run them again if they are flaky, or cut another commit.",
    ),
    (
        "CHECKS_ABSENT",
        "{component} at {sha} has no checks at all.",
        "Let a check report on the commit, or accept commits without checks in the train's file (checks.none: accept).",
    ),
    (
        "CHECKS_UNREADABLE",
        "The checks of {component} at {sha} cannot be read: {why}.",
        "Fix the connection; what cannot be read counts as not green.",
    ),
    (
        "HISTORY_REWRITTEN",
        "{component}: {sha} is no longer in the history of {branch}.",
        (
            "Find out who rewrote the branch, and bring the commit back to it. If production runs it and it stays "
            "away, two people say in the train's exception form that the train may replace it."
        ),
    ),
    (
        "HEAD_MOVED",
        "{component}: {branch} moved from {expected} to {found}.",
        "Find out who moved it and put it back, then clear the task. If it asks what follows, answer Deploy again.",
    ),
    # Deploying
    ("RUN_IN_PROGRESS", "The deployment of {component} runs: {run}.", "Nothing to do: it is followed to its end."),
    (
        "RUN_WILL_NOT_STOP",
        "The deployment of {component} was asked to stop, and then stopped by force, and still runs: {run}.",
        (
            "Stop it on GitHub. Otherwise the person who asked for the rollback answers its task: Go anyway. If nobody "
            "asked, start the rollback form: it takes the place of the automatic way back, and asks you."
        ),
    ),
    (
        "RUN_NOT_FOUND",
        "The workflow run of {component} was asked for, but does not show.",
        (
            "Look at the repository's Actions page: the run's name must show the input key. A request whose answer was "
            "lost is sent once more by itself; one that GitHub took is not, and waits for its run."
        ),
    ),
    (
        "RUN_FAILED",
        "The deployment of {component} ended as {conclusion}: {run}.",
        "Fix the cause, then clear the task: it asks what follows. Clearing alone deploys nothing.",
    ),
    (
        "RUN_SUPERSEDED",
        "The deployment of {component} was cancelled in favour of another run: {run}.",
        "See which run took its place, then clear the task: it asks what follows. Clearing alone deploys nothing.",
    ),
    (
        "FAILURE_ASKED",
        "{component} on {environment}, failure {number}: {why} A person says what follows: {choices}{limit}.",
        "Answer the task among the required actions. Nothing is deployed before somebody does.",
    ),
    (
        "VERIFYING",
        "{component} on {environment} has confirmed {sha} {times} of {needed} times.",
        "Nothing to do: it is asked again.",
    ),
    (
        "NOT_DEPLOYED",
        "{component} on {environment} reports {found}, not {sha}.",
        (
            "Look at the pipeline of that environment. When a verification's window is over, its task asks what "
            "follows; a way back asks nobody, and waits until the commit is there."
        ),
    ),
    (
        "DEPLOY_NOT_BEGUN",
        "{component} {sha} was never sent to {environment}, so there is nothing to verify.",
        "Clear the task that deploys it: it counts every gate, and deploys. Marking a task as success sends nothing.",
    ),
    (
        "MANUAL_DEPLOY_OPEN",
        "{component} is deployed to {environment} by hand, and nobody has said that it is done.",
        "Follow the runbook, then answer the task.",
    ),
    (
        "ENVIRONMENT_LOCKED",
        "{environment} is locked by {holder}: {reason}.",
        "Wait until the holder is done, or release the lock with a reason.",
    ),
    (
        "AMBIGUOUS_EFFECT",
        "Nobody can tell whether {effect} happened.",
        "Look at the other side, then settle it in the ledger; it is never repeated blindly.",
    ),
    (
        "EFFECT_UNSETTLED",
        "An answer was lost, and what it was about may still come to show: {why}.",
        "Nothing to do: it is looked for again.",
    ),
    (
        "EFFECT_BUSY",
        "Another worker is at {effect} just now.",
        "Nothing to do: it is looked at again when that worker is done, or its claim has run out.",
    ),
    (
        "WOULD_DOWNGRADE",
        "{component} on {environment} runs {found}, which is newer than {sha}.",
        "Skip this departure; to go back on purpose, roll back. Of a rollout, leave the target out or accept it.",
    ),
    (
        "DRIFT",
        "{component} on {environment} runs {found}, but the ledger says {expected}.",
        "Find out who deployed it. Two people say in the train's exception form: it is right, or may be replaced.",
    ),
    (
        "NOT_CONTAINING_PROD",
        "{component} on {environment} runs {found}, which {sha} does not contain.",
        "Bring what runs there into it first: a hotfix onto the train, or a commit onto the branch.",
    ),
    (
        "HOTFIX_NOT_ON_MAIN",
        "{hotfix} runs on {environment}, and {branch} does not have it yet: {what}.",
        "Merge its pull request, or bring its commits to the branch in another way; it is looked for again.",
    ),
    (
        "HOTFIX_NOT_ON_TRAIN",
        "{hotfix} runs on {environment}, and {departure}, which is under way, does not have it: {why}.",
        "Skip the departure: it does not come to production without the hotfix, and the next cut has it.",
    ),
    (
        "PICK_CONFLICT",
        "{sha} does not go on top of {base} by itself: both change the same lines.",
        "Make a branch at {base}, pick the commit there by hand, push it, and start the form again with that branch.",
    ),
    (
        "BESIDE_NOT_ALLOWED",
        "The file of {train} no longer allows a {kind}.",
        "Put the section back into the train's file, then clear the task.",
    ),
    (
        "ROLLBACK_BY_HAND",
        "{component} on {environment} cannot be rolled back by itself; the target is {target}.",
        "Follow the component's runbook to bring the target back, then clear the task: it looks and ends the way back.",
    ),
    (
        "MANIFEST_REJECTED",
        "Manifest {manifest} was rejected: “{reason}”.",
        (
            "Bring the fix to the branch and cut it, or say that these commits were not to blame. Either way two "
            "people lift the rejection in the train's exception form: the next manifest contains these commits, too."
        ),
    ),
    (
        "REJECTED_ABOARD",
        "{component} {sha} was taken back with manifest {manifest}, and is aboard again: “{reason}”.",
        "If the fix is aboard, two people lift {manifest} in the train's exception form. If not, skip this departure.",
    ),
    (
        "PREVIOUS_DEPARTURE_OPEN",
        "{departure} is still open.",
        "Promote or skip it; the train's policy says which of the two goes first.",
    ),
    (
        "PREVIOUS_PARTIAL",
        "{departure} brought {there} to {environment}, and not {missing}.",
        "Clear the failed task of its run and answer its question to bring the rest, or start a rollback.",
    ),
    # People and connections
    (
        "NOBODY_ON_CALL",
        "Nobody holds the role {role} of rotation {rotation}.",
        "Give the rotation members, or set an override, in the team's rotation file.",
    ),
    (
        "SLACK_UNREACHABLE",
        "Slack cannot be reached: {why}.",
        (
            "Fix the connection; it is tried again. Votes that are cast in Airflow count, but their gate waits until "
            "Slack is read, or two people go without it."
        ),
    ),
    (
        "MAIL_UNSENT",
        "A mail cannot be sent: {why}.",
        "Fix the connection, or the person's address in the team's file; it is tried again until the shift ends.",
    ),
    (
        "HANDOFF_UNACKNOWLEDGED",
        "{person} has not said that they have taken over {rotation}.",
        "Answer the task, or put a white check mark under the message in Slack.",
    ),
    (
        "SOURCE_UNREAD",
        "Nobody is known to be on call in {rotation}: {source} decides, and was never read.",
        "Look at the newest run of the rotation's source DAG; it says why, and is started by hand, too.",
    ),
    (
        "HALTED",
        "{by} has stopped this train: “{why}”.",
        "Talk to them. stationmaster resume lets it go on, with every gate asked again.",
    ),
    (
        "EXCEPTION_OPEN",
        "It is asked to {what}: {given} of {needed} approvals are given.",
        "The people who are asked find it in Airflow, under required actions: approve, or refuse with the reason.",
    ),
    (
        "EXCEPTION_OVER",
        "The exception {exception} is over: {why}.",
        "If it is still needed, start the train's exception form anew.",
    ),
    (
        "FROZEN",
        "The freeze {freeze} ({mode}) lets no {action} go until {ends}: “{why}”.",
        (
            "It goes on by itself then, with every gate asked again. Where the team's file has freeze_exceptions, the "
            "train's exception form asks for one."
        ),
    ),
    (
        "UPGRADES_HALTED",
        "{by} has stopped the dependency upgrades: “{why}”.",
        "Talk to them. stationmaster resume lets them go on, with everything asked again.",
    ),
    (
        "UPGRADE_RUN_NOT_FOUND",
        "The upgrade workflow {workflow} of {repository} was asked for, but its run does not show.",
        "Look at the repository's Actions page: the run's name must show the input key.",
    ),
    (
        "UPGRADE_RUNNING",
        "The upgrade workflow of {repository} runs: {run}.",
        "Nothing to do: it is followed to its end.",
    ),
    (
        "UPGRADE_PULL_AWAITED",
        "The upgrade workflow of {repository} is done, and its pull request does not show yet.",
        "Nothing to do: it is looked for a few minutes more; if there is none, there was nothing to upgrade.",
    ),
    (
        "UPGRADE_OPEN",
        "{person} has not settled the dependency upgrade of {repository}: {why}.",
        "Answer the task, as its runbook says, or settle it on GitHub: see {where} there.",
    ),
    (
        "CHORE_OPEN",
        "{person} has not done {chore} yet; it is due {due}.",
        "Follow its runbook, then answer the task, or close it with stationmaster chore done.",
    ),
    (
        "CHORE_LATE",
        "{chore} was due {due}, and {person} has not done it (carried over: {count}).",
        "Do it now, or say why it can wait; otherwise the next person on call gets it.",
    ),
    (
        "CHORE_BLOCKED",
        "{person} cannot do {chore}, due {due}: “{why}”.",
        "Clear what it waits for, then do it and answer the task.",
    ),
    (
        "SHIFT_UNREVIEWED",
        "{person} has not said how their shift was.",
        "Answer the task; it ends with the next handoff, and nothing hangs on it.",
    ),
    (
        "SHIFT_WATCHED",
        "The shifts of {rotation} go on as planned: {what}.",
        "Nothing is to be done: overrides and swaps are handed over when they begin and end.",
    ),
    (
        "SWAP_UNANSWERED",
        "{taker} has not answered whether they take a shift of {giver}.",
        (
            "Accept or decline here; it expires when the shift begins. On the command line (stationmaster swap accept) "
            "--by is believed, and the audit keeps the user of the operating system."
        ),
    ),
    (
        "PAIRING_OPEN",
        "{lead} has not said whether {newcomer}, who is new, was taken along.",
        "Take them along in this shift, then answer the task; the question ends with the shift.",
    ),
    (
        "HANDLE_STUCK",
        "The Slack handle cannot be moved: {why}.",
        "Fix the person's account in the team's file, or the group in Slack; it is tried again until the shift ends.",
    ),
    (
        "ACCESS_UNCONFIRMED",
        "{person} has not said whether they can open what the person on call needs: {items}.",
        "Try each of them, then answer the task.",
    ),
    (
        "ACCESS_MISSING",
        "{person} lacks access to {items}.",
        "Ask in the channel that was told, or the manager; answer the task again once it is there.",
    ),
    (
        "TOKEN_LACKS_SCOPE",
        "The GitHub token of the connection {connection} lacks the scope {scope}, needed for {what}.",
        "Put a token with that scope into the connection, then clear the task.",
    ),
    (
        "TOKEN_LACKS_SSO",
        "The GitHub token of the connection {connection} is not authorised for single sign-on, and cannot see {what}.",
        "Authorise the token for the organisation in GitHub's token settings, then clear the task.",
    ),
    (
        "SLACK_LACKS_SCOPE",
        "The Slack app of the connection {connection} lacks the scope {scope}, needed for {what}.",
        (
            "Add the scope to the app and install it again. The train goes on, but votes that cannot be read hold "
            "their gate (CHAT_UNREADABLE)."
        ),
    ),
    ("GITHUB_UNREACHABLE", "GitHub cannot be reached: {why}.", "Fix the connection; it is asked again."),
    # Rollouts
    (
        "PROPOSALS_UNREACHABLE",
        "The proposal system cannot be asked: {why}.",
        "Fix the connection; it is asked again.",
    ),
    (
        "PROPOSALS_REFUSED",
        "The proposal system understood and refused: {why}.",
        "Fix what it names, then clear the task.",
    ),
    (
        "ALERTS_UNREACHABLE",
        "The alerts cannot be read, so nothing counts as quiet: {why}.",
        "Fix the connection; it is asked again.",
    ),
    (
        "PROPOSAL_LOST",
        "Proposal {proposal}, for {version}, is {status}.",
        (
            "Fix what the voters name and cut anew. Or, while the window of the promotion is open, clear the task and "
            "answer Deploy again: it makes another proposal."
        ),
    ),
    ("BATCH_NOT_DUE", "Batch {batch} begins {at}.", "Nothing to do: it begins by itself."),
    (
        "BATCH_BEFORE",
        "Batch {batch} waits for batch {before}: {targets}.",
        "It goes on by itself when that batch is over.",
    ),
    (
        "ROLLOUT_STOPPED",
        "In batch {batch} more has failed than is tolerated: {targets}.",
        "stationmaster rollout again tries a target anew, leave goes on without it, abort ends the rollout.",
    ),
    (
        "ROLLOUT_PAUSED",
        "{by} has paused the rollout: “{why}”.",
        "Talk to them. stationmaster rollout resume lets it go on, with every gate asked again.",
    ),
    (
        "TARGETS_TOO_NEAR",
        "{target} stays apart from {other} until {until}.",
        "Nothing to do: it goes then by itself.",
    ),
    (
        "NOT_ELECTED",
        "The version {version} is not elected, so no target may get it.",
        "Finish the promotion that elects it, or abort the rollout.",
    ),
    (
        "OTHER_PROPOSAL_OPEN",
        "Proposal {proposal} gives {target} another version and is not decided.",
        "Let it be decided first, or leave the target out: stationmaster rollout leave.",
    ),
    (
        "PROPOSALS_OPEN",
        "Votes are open on {proposals}.",
        "Vote in the proposal system; the station only reads the outcome.",
    ),
    (
        "VERSION_NOT_RUNNING",
        "{targets} do not run the new version yet.",
        "Nothing to do, unless it takes long: then look at the target.",
    ),
    (
        "ALERTS_FIRING",
        "Alerts fire: {alerts}.",
        "Look at them. It goes on when none has fired for {quiet}.",
    ),
    (
        "ALERTS_SETTLING",
        "No alert may fire on {targets} until {until}.",
        "Nothing to do: the batch is over then.",
    ),
    # Incidents
    (
        "INCIDENT_UNACKNOWLEDGED",
        "{people} {verb} paged for {incident}, and nobody has acknowledged it.",
        (
            "Answer the task, put ✅ under its message in Slack, or run `stationmaster incident ack {incident} --by` "
            "with your id."
        ),
    ),
    (
        "INCIDENT_CLIMBS",
        "Rung {rung} of the ladder of {incident} is told at {at}, unless somebody has it before.",
        "Acknowledge the incident; or wait: it is told by itself.",
    ),
    (
        "INCIDENT_UNDER_WAY",
        "{person} works on {incident}: “{title}”.",
        "Answer the task when there is news, or write `update: …` in its thread; say when it is mitigated or resolved.",
    ),
    (
        "INCIDENT_UPDATE_DUE",
        "An update on {incident} is due since {at}.",
        "Say what is done, what you are at, and when it will be over: in the task, or as `update: …` in its thread.",
    ),
    (
        "INCIDENT_REPORT_DUE",
        "The report of {incident} waits for {person}: the cause, what was learned, what should follow.",
        "Answer the task. `stationmaster incident report {incident}` shows the report as it would be filed.",
    ),
    (
        "POSTMORTEM_DUE",
        "A postmortem of {incident} is due by {at}.",
        "Write it from its draft, and give its address in the task, or with `stationmaster incident postmortem`.",
    ),
    # Watches
    (
        "WATCHING",
        "{watch} is watched until {until}.",
        "Nothing is to be done: it ends by itself.",
    ),
    (
        "WATCH_BLIND",
        "{watch} cannot see {what}: {why}.",
        "Fix what it names; it is looked at again. Until then nothing is known of it.",
    ),
    (
        "WATCH_BEHIND",
        "{watch} is behind: {channels} channels wait for their turn, for Slack limits how often it may be read.",
        "Nothing to do: they are read in turn. If it stays so, watch fewer channels.",
    ),
    (
        "QUESTION_OPEN",
        "A question in {channel} has had no answer since {asked}: “{text}”.",
        "Answer in its thread, or put :{done}: on it; send it on to a person who knows.",
    ),
    (
        "ISSUE_DUE",
        "{issue} ({priority}) is due {due}: “{title}”.",
        "Finish it. If it cannot be done in time, say so in the issue now, and tell the person who decides about it.",
    ),
    (
        "ISSUE_LATE",
        "{issue} ({priority}) was due {due}: “{title}”.",
        "Finish it, or write into the issue why it cannot be done in time, and whom you have told.",
    ),
    (
        "ISSUE_SILENT",
        "Nobody has written about {issue} ({priority}) in this part of the day: “{title}”.",
        "Write into the issue what is done, what is in work, and when it will be over.",
    ),
    (
        "ALERTS_UNDECIDED",
        "{count} of severity {severity} on {cluster}, and nobody has decided about {alerts}.",
        "Look at them, then: stationmaster alerts decide {team} {key} act, escalate or leave, with --why.",
    ),
    (
        "ERROR_SPIKE",
        "“{error}” came {after} times in {span} after {departure} was in production, and {before} times before it.",
        "Fix it or roll back. If it may wait: stationmaster silence {team} {key} --issue with the issue's address.",
    ),
    (
        "SILENCE_OVER",
        "The silence of “{what}” hung on {issue}, which is closed.",
        "If it is fixed, do nothing. Otherwise silence it again, with an issue that is open.",
    ),
    (
        "GITHUB_REFUSED",
        "GitHub understood and refused: {why}.",
        "Fix what GitHub names, in the repository or in the train's file, then clear the task.",
    ),
    (
        "AIRFLOW_ACCOUNT_UNKNOWN",
        "Airflow's auth manager keeps ids and names apart, and this is not known: {what}.",
        "Write airflow (the user name) and airflow_id into the team's file: airflow users list shows both.",
    ),
    (
        "NOBODY_TO_ASK",
        "None of {people} can be asked: of none the team's file has an Airflow account that questions can go to.",
        "Write airflow, and with FAB also airflow_id, of one of them there (airflow users list); then clear the task.",
    ),
    (
        "CONNECTION_MISSING",
        "The Airflow connection {connection} is missing or wrong: {why}.",
        "Set the connection as the production page says, then clear the task.",
    ),
)
"""Every code that a gate, a sensor or a deploying task may show."""


def blocker(
    code: str,
    /,
    *,
    since: datetime | None = None,
    who: tuple[str, ...] = (),
    clears_at: datetime | None = None,
    subject: str = "",
    **values: str | int | datetime,
) -> Blocker:
    """Return the blocker of a code, with its templates filled.

    :param values: exactly what ``CATALOGUE[code].values`` names; an instant is written in UTC, so give a text made by
        ``local_text`` where a zone matters.
    :raises UnknownBlocker: the catalogue has no such code.
    :raises IncompleteBlocker: values are missing, or not used by the code.
    """
    return fill(code, values, since=since, who=who, clears_at=clears_at, subject=subject)


def fill(
    code: str,
    values: Mapping[str, str | int | datetime],
    *,
    since: datetime | None = None,
    who: tuple[str, ...] = (),
    clears_at: datetime | None = None,
    subject: str = "",
) -> Blocker:
    """Return the blocker of a code whose values stand in a mapping. Raises as :func:`blocker` does."""
    kind = CATALOGUE.get(code)
    if kind is None:
        raise UnknownBlocker(code)
    given = frozenset(values)
    if given != kind.values:
        raise IncompleteBlocker(code, kind.values - given, given - kind.values)
    texts = {name: _text(name, value, quoted=name in kind.quoted) for name, value in values.items()}
    return Blocker(
        code=code,
        sentence=_QUOTED.sub(r"\1", kind.sentence).format_map(texts),
        since=since,
        who=who,
        how=_QUOTED.sub(r"\1", kind.how).format_map(texts),
        clears_at=clears_at,
        subject=subject,
    )


def _text(name: str, value: str | int | datetime, *, quoted: bool) -> str:
    if isinstance(value, datetime):
        return local_text(value)
    text = str(value)
    if quoted:
        return escaping.said(text, LONGEST_VALUE) if escaping.one_line(text) else _UNSAID
    if name in _LINKS and escaping.is_address(text):
        return text
    line = escaping.opened(text)
    return line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1]}…"
