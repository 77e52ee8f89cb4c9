"""The vote: asking, one ballot for each voter, and the final go of the person on call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from stationmaster.core import escaping
from stationmaster.core.naming import names
from stationmaster.operators.asking import Answer, AskOperator
from stationmaster.operators.base import Result, StationOperator, StepFailedForNow, Waiting
from stationmaster.operators.question import Question, text_field, tick_field

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station

MANIFEST = "manifest"
"""The field of a form that says which manifest the answer is about."""


WITHOUT_SLACK = "slack_is_out"
"""The field of a form that says to go on although Slack, where vetoes may stand, cannot be read."""


def _without_slack_field() -> dict[str, Any]:
    """Return the field. It is always there: Airflow shows a question as it was first put (fact 4)."""
    about = (
        "Only while Slack itself cannot be reached. Vetoes that stand there and were not read are not heard. Two "
        "people must say so; it is recorded with your name."
    )
    return tick_field("Slack is out: go without it", about)


def _go_without_slack(station: Station, departure: str, answer: Answer, manifest: str, *, final: bool) -> None:
    """Keep that somebody says to go without Slack; where it is not out, they hear that it means nothing."""
    from stationmaster.departures import voting, without_slack
    from stationmaster.work.messages import whisper

    if not answer.fields.get(WITHOUT_SLACK):
        return
    if not without_slack.out(station, departure):
        voting.count(station, departure)
    if not without_slack.say(station, departure, manifest, answer.by.id, final=final):
        text = f"{departure}: Slack is not out, so nobody goes without it. Your answer counts, your tick does not."
        whisper(station, f"{departure}/not-without-slack/{answer.by.id}/{answer.at.isoformat()}", answer.by, text)


def _may_still_go_without(station: Station, departure: str, manifest: Manifest, person: str) -> bool:
    """Return whether a form that is answered is worth asking again: Slack is out, and they have not said what then."""
    from stationmaster.departures import without_slack

    return without_slack.out(station, departure) and not without_slack.has_said(
        station, departure, manifest.hash, person
    )


def _manifest_field(manifest: Manifest) -> dict[str, Any]:
    about = "What your answer is about. If the channel names another one since, put that here: this form cannot change."
    return text_field("Manifest", about, value=manifest.short)


def _manifest_named(station: Station, departure: str, answer: Answer) -> str:
    """Return the hash of the manifest that an answer is about (F06).

    Airflow shows a question as it was first put, for as long as the task instance lives (fact 4): the form itself names
    the manifest. An answer without its fields is about what was shown.

    :raises StepFailedForNow: the form names neither what was shown nor what is aboard.
    """
    from stationmaster.departures import counting

    _, present = counting.round_of(station, departure)
    shown = str(answer.asked.get("manifest", present.hash))
    named = str(answer.fields.get(MANIFEST) or shown)
    for known in (present.hash, shown):
        if names(named, known):
            return known
    raise StepFailedForNow(f"The form names manifest {named!r}, and {present.short} is aboard. It is asked again.")


class AskForVotesOperator(StationOperator):
    """Opens the round for the present manifest and asks the voters in Slack (C-14).

    XCom ``return_value``: the ids of those who may vote, for one ballot each; ``round``: ``{"manifest", "round"}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Any:
        """Ask once for each manifest."""
        from stationmaster.core.departure_ids import kind_of
        from stationmaster.departures import beside, counting, voting

        voting.open_round(station, departure)
        number, manifest = counting.round_of(station, departure)
        context["ti"].xcom_push(key="round", value={"manifest": manifest.hash, "round": number})
        electorate = beside.electorate_of(station, departure, counting.authors(station, departure))
        hotfix = kind_of(departure).is_hotfix  # whoever asks for one or wrote it does not approve it
        return [each.person for each in electorate if each.active and not (hotfix and each.author)]


class BallotOperator(AskOperator):
    """One voter's ballot: named in the grid, assigned to that voter alone (C-15).

    It ends as skipped when it is no longer needed, or when the voter has no Airflow account: then they vote in Slack. A
    new manifest is asked about in a new try. XCom: ``{"person", "name", "choice", "manifest"}``.
    """

    elsewhere: ClassVar[bool] = True
    ends_in_triggerer: ClassVar[bool] = True

    def __init__(self, *, voter: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.voter = voter

    @property
    def label(self) -> str:
        """The voter."""
        return self.voter

    @property
    def told(self) -> bool:
        """The question to all voters stands in Slack already."""
        return False

    @property
    def asked(self) -> str:
        """The voter, even if they have left the team since."""
        return str(self.tagged_by(self.at_hand(self.station), self.voter)["name"])

    def person(self, station: Station) -> Person:
        """Return the voter."""
        return station.team.people[self.voter]

    def question(self, station: Station, departure: str) -> Question:
        """Return the ballot, with what to test."""
        from stationmaster.departures import changes, counting, voting

        _, manifest = counting.round_of(station, departure)
        commits = "\n".join(f"- {passenger.component}: `{passenger.sha}`" for passenger in manifest.passengers)
        return Question(
            subject=f"{self.person(station).name}: is {departure} good to go to {station.train.production}?",
            body=(
                f"Your vote counts for the manifest that the form names. This is `{manifest.short}`:\n\n{commits}\n\n"
                f"{changes.aboard(station, departure).render_markdown(limit=40)}"
            ),
            options=(voting.LGTM, voting.VETO),
            fields={
                "reason": text_field("Reason", "Why, if you veto"),
                WITHOUT_SLACK: _without_slack_field(),
                MANIFEST: _manifest_field(manifest),
            },
        )

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return the open ballot."""
        from stationmaster.core.blockers import blocker
        from stationmaster.departures import counting

        _, manifest = counting.round_of(station, departure)
        return blocker("BALLOT_OPEN", who=(self.voter,), manifest=manifest.short)

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait for the answer, or until the ballot is no longer needed."""
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import counting
        from stationmaster.departures.watches import look
        from stationmaster.work.obstacles import passed

        _, manifest = counting.round_of(station, departure)
        arguments = {"voter": self.voter, "manifest": manifest.hash}
        standing = look(station, "ballot", departure, arguments)
        # That the window was missed is for the gates to say: nine ballots need not fail beside them.
        over = passed("ballot") if standing.verdict is Verdict.MISSED else standing
        return Waiting(over, "ballot", arguments)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Ask anew, in a try of its own, when the manifest has changed since the question (F06)."""
        from stationmaster.departures import counting, gating

        _, manifest = counting.round_of(station, departure)
        unanswered = event is not None and "chosen_options" not in event
        about = event["asked"].get("manifest", manifest.hash) if event is not None else manifest.hash
        if unanswered and about != manifest.hash and not gating.voting_closed(station, departure):
            raise StepFailedForNow(f"{departure} has another manifest now: {manifest.short} is asked about")
        return super().step(station, departure, context, event)

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the voter's newest ballot for this manifest in Airflow, if one was cast."""

        from stationmaster.departures import counting

        _, manifest = counting.round_of(station, departure)
        cast = [
            ballot
            for ballot in station.ledger.ballots(departure)
            if ballot.voter == self.voter and ballot.channel == "airflow" and ballot.manifest == manifest.hash
        ]
        if not cast:
            return None
        if cast[-1].choice == "approve" and _may_still_go_without(station, departure, manifest, self.voter):
            return None
        return {**self.tagged(self.person(station)), "choice": cast[-1].choice, "manifest": manifest.hash}

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Cast the vote for the manifest that the form names, and for no other (F06)."""
        from stationmaster.departures import counting, voting

        _, present = counting.round_of(station, departure)
        manifest = _manifest_named(station, departure, answer)
        ballot = voting.cast(
            station,
            departure,
            person=answer.by.id,
            account=str(station.identities.account(answer.by).id),
            choice="approve" if answer.choice == voting.LGTM else "veto",
            reason=str(answer.fields.get("reason") or ""),
            manifest=manifest,
            cast_at=answer.at,
        )
        if manifest != present.hash:
            raise StepFailedForNow(
                f"the vote was for manifest {manifest[:8]}, which is no longer aboard: {present.short} is asked about"
            )
        if ballot.choice == "approve":
            _go_without_slack(station, departure, answer, manifest, final=False)
        return {**self.tagged(answer.by), "choice": ballot.choice, "manifest": manifest}


class ConfirmOperator(AskOperator):
    """Asks the person on call for the final go, after the quorum (C-08).

    XCom: ``{"person", "name", "choice", "manifest"}``.
    """

    GO = "Go"
    NO_GO = "No go"

    def __init__(self, *, role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role

    def person(self, station: Station) -> Person:
        """Return the person on call."""
        return station.on_call(self.role)

    def deputies(self, station: Station, departure: str) -> tuple[Person, ...]:
        """Return the backups (C-35), and whoever comes on call meanwhile: nobody is added to a question (fact 4)."""
        from stationmaster.departures import gating

        return (*station.backups, *gating.coming_confirmers(station, departure))

    def question(self, station: Station, departure: str) -> Question:
        """Return the question with how every gate stands."""
        from stationmaster.core.transitions import Act
        from stationmaster.departures import counting, gate_table, wording

        _, manifest = counting.round_of(station, departure)
        gates = gate_table.standing(station, departure, Act.PROMOTE, without=("confirmation",))
        counted, _ = counting.count_from_ledger(station, departure)
        given = [station.team.people[str(ballot.voter)].name for ballot in counted.approvals]
        names = escaping.markdown(", ".join(given))
        commits = "\n".join(f"- {passenger.component}: `{passenger.sha}`" for passenger in manifest.passengers)
        return Question(
            subject=f"{departure}: promote manifest {manifest.short} to {station.train.production} now?",
            body=f"{commits}\n\nLGTM by {names}.\n\n{wording.standing_markdown(station, gates)}",
            options=(self.GO, self.NO_GO),
            fields={
                "reason": text_field("Reason", "Why, if you say no"),
                **self._issue_field(station, departure),
                WITHOUT_SLACK: _without_slack_field(),
                MANIFEST: _manifest_field(manifest),
            },
        )

    @property
    def changes_production(self) -> bool:
        """The final go does (T-01)."""
        return True

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return the missing confirmation, or that who gave it may not, or that Slack is out."""
        from stationmaster.departures import gating, without_slack

        missing = [
            *gating.confirm_standing(station, departure).blockers,
            *gating.actor_standing(station, departure).blockers,
        ]
        if (unreadable := without_slack.unreadable(station, departure)) is not None:
            missing.append(unreadable)
        return missing[0]

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait for the answer until the window closes."""
        from stationmaster.departures import counting
        from stationmaster.departures.watches import look

        found = self.blocker(station, departure)
        arguments = {
            "gate": "confirm",
            "stop": self.stop,
            "blocker": found.model_dump(mode="json"),
            "until_latest_start": True,
            "manifest": counting.round_of(station, departure)[1].hash,
        }
        return Waiting(look(station, "answer", departure, arguments), "answer", arguments)

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the recorded go, if the gate hears it; a recorded no is asked again when the task is cleared.

        So is a go that was given before Slack was out.
        """
        from stationmaster.departures import counting, gating

        _, manifest = counting.round_of(station, departure)
        facts = station.ledger.facts(departure, kind="confirmed", subject=manifest.hash)
        heard = gating.confirm_standing(station, departure).opens and gating.actor_standing(station, departure).opens
        if not facts or not heard or _may_still_go_without(station, departure, manifest, facts[-1].by):
            return None
        return {**self.tagged_by(station, facts[-1].by), "choice": "go", "manifest": manifest.hash}

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Record the word on the manifest that the form names; a no ends the run until the task is cleared."""
        from stationmaster.core.gates import combine
        from stationmaster.departures import counting, gating
        from stationmaster.work.obstacles import StepImpossible

        _, present = counting.round_of(station, departure)
        manifest = _manifest_named(station, departure, answer)
        choice = "go" if answer.choice == self.GO else "no_go"
        if choice == "go":
            self._take_the_link(station, departure, answer)
        value = {"person": answer.by.id, "choice": choice}
        station.ledger.record(departure, "confirmed", manifest, value, answer.at, answer.by.id)
        if manifest != present.hash:
            raise StepFailedForNow(f"{departure} has another manifest now, {present.short}: it is asked about anew")
        standing = combine([gating.confirm_standing(station, departure), gating.actor_standing(station, departure)])
        if choice != "go":
            raise StepImpossible(*standing.blockers)
        if not standing.opens:
            raise StepFailedForNow(f"{answer.by.name} is not on call now, or may not act. It is asked again.")
        _go_without_slack(station, departure, answer, manifest, final=True)
        return {**self.tagged(answer.by), "choice": choice, "manifest": manifest}

    @staticmethod
    def _issue_field(station: Station, departure: str) -> dict[str, Any]:
        from stationmaster.departures import ruling

        rule = station.train.rules.issue
        if rule is None:
            return {}
        link = ruling.link_of(station, departure)
        told = f"The issue of {rule.repository} under which this is done: its address, or #12"
        return {"issue": text_field("Issue", told, value=link.name if link is not None else "")}

    @staticmethod
    def _take_the_link(station: Station, departure: str, answer: Answer) -> None:
        """Keep the issue of the form; without a good one the go is not heard, and asked for again (T-04)."""
        from stationmaster.core.gates import Verdict
        from stationmaster.core.issue_links import NotAnIssueLink
        from stationmaster.departures import ruling

        given = str(answer.fields.get("issue") or "").strip()
        known = ruling.link_of(station, departure)
        if given and station.train.rules.issue is not None and (known is None or given != known.name):
            try:
                ruling.give_link(station, departure, given, by=answer.by.id)
            except NotAnIssueLink as wrong:
                raise StepFailedForNow(f"{wrong} The final go is asked for again.") from wrong
        standing = ruling.issue_standing(station, departure)
        if standing.verdict is Verdict.DENY:
            found = standing.blockers[0]
            raise StepFailedForNow(f"{found.sentence} {found.how} The final go is asked for again.")
