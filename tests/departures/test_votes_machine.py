"""A person says, takes back, edits and deletes things in Slack, and votes in Airflow; a model of the rules judges.

They have two accounts, and others may delete what they said. The model knows what people did and what was read when; it
shares no code with what it judges. More of it: ``VOTES_EXAMPLES=500 pytest tests/departures/test_votes_machine.py``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from stationmaster.departures import voting
from stationmaster.ledger import Ledger
from tests.departures.conftest import memory
from tests.departures.week import OPS, new_week

EXAMPLES = int(os.environ.get("VOTES_EXAMPLES", "25"))
STEPS = 25
FIVE = timedelta(minutes=5)
TEXTS = {"LGTM": "approve", "veto: no": "veto", "withdraw": "withdraw", "LGTM :-1:": "unclear", "looks odd": None}
SAID = ("LGTM", "veto: no", "LGTM", "veto: no", "withdraw", "LGTM :-1:", "looks odd")
EMOJI = {"white_check_mark": "approve", "no_entry": "veto"}
OBJECTIONS = ("veto", "unclear")


@dataclass
class Said:
    """What a place shows, or what was read there last."""

    kind: str
    choice: str | None
    at: datetime
    seen: datetime | None = None
    lost: bool = False
    heard: datetime | None = None

    @property
    def kept(self) -> tuple[datetime, bool]:
        """An answer in Airflow is kept when it is given, what Slack shows when it is seen."""
        return (self.at, False) if self.kind == "airflow" else (self.seen, True)


class Model:
    """What the person's vote is: their newest statement that is still shown; in doubt, their veto."""

    def __init__(self, skew: timedelta) -> None:
        self.skew = skew
        self.shown: dict[str, Said] = {}
        self.known: dict[str, Said] = {}

    def read(self, now: datetime) -> None:
        for place in {*self.shown, *self.known}:
            shown, known = self.shown.get(place), self.known.get(place)
            if known is not None and known.lost and shown is None:
                continue
            if shown is None and known is not None and known.kind == "reply" and known.choice in OBJECTIONS:
                known.lost = True
            elif shown is None or shown.choice is None:
                self.known.pop(place, None)
            else:
                seen = known.seen if known is not None and known.at == shown.at else now
                if known is not None and known.kind == "reaction":
                    seen = known.seen
                heard = known.heard if known is not None and known.seen == seen else now
                self.known[place] = Said(shown.kind, shown.choice, shown.at, seen, heard=heard)

    def after(self, later: Said, earlier: Said) -> bool:
        if later.kept < earlier.kept:
            return False
        if later.kind == "reaction":
            return earlier.kind == "reply" and later.seen > earlier.seen
        if later.kind == earlier.kind == "reply":
            return later.at > earlier.at
        if later.kind == "reply" and later.at > earlier.heard:
            return True
        skewed = {"reply": self.skew}
        soonest = later.at + min(timedelta(0), skewed.get(later.kind, timedelta(0)))
        latest = earlier.at if earlier.kind == "airflow" else earlier.seen
        return soonest > max(latest, earlier.at + skewed.get(earlier.kind, timedelta(0))) + FIVE

    def vote(self, now: datetime) -> str | None:
        ahead = {id(each) for each in self.known.values() if each.kind == "reply" and each.at + self.skew > now}
        mine = [each for each in self.known.values() if not (each.choice == "approve" and id(each) in ahead)]
        certain = [each for each in mine if each.kind != "reaction"]
        for objection in OBJECTIONS:
            ends = ("approve", "withdraw") if objection == "veto" else ("approve", "withdraw", "veto")
            speaks = [
                each for each in certain if each.choice in ends and (each.choice == "veto" or id(each) not in ahead)
            ]
            said = [each for each in mine if each.choice == objection]
            if any(not any(self.after(other, each) for other in speaks) for each in said):
                return objection
        rest = [each for each in mine if each.choice != "approve"]
        approvals = [each for each in mine if each.choice == "approve"]
        return "approve" if any(all(self.after(each, other) for other in rest) for each in approvals) else None


class Votes(RuleBasedStateMachine):
    boards: tuple
    template: Path

    @initialize(skew=st.sampled_from([0, 0, -120, 120]))
    def begin(self, skew):
        self.folder = tempfile.TemporaryDirectory(dir=memory())
        path = Path(self.folder.name) / "ledger.db"
        shutil.copyfile(self.template, path)
        self.ledger = Ledger.at(f"sqlite:///{path}")
        self.week = new_week(self.boards, self.ledger)
        self.week.slack.skew = timedelta(seconds=skew)
        self.week.gate()
        for voter in ("amara", "emil"):
            self.week.vote(voter)
        self.week.clock.move(seconds=10)
        self.week.slack.users[self.week.slack_of("hana")].admin = True
        self.model = Model(self.week.slack.skew)
        self.accounts = self.week.team.people["devika"].slack
        self.replies: list[tuple[str, str]] = []

    def teardown(self):
        if hasattr(self, "ledger"):
            assert not self.ledger.verify()
            self.ledger.close()
            self.folder.cleanup()

    @rule(seconds=st.sampled_from([4, 20, 90, 400]))
    def time_passes(self, seconds):
        self.week.clock.move(seconds=seconds)

    @rule(who=st.integers(0, 1), text=st.sampled_from(SAID), looked=st.sampled_from([True, True, False]))
    def reply(self, who, text, looked):
        self.week.clock.move(seconds=1)
        account = self.accounts[who]
        ts = self.week.slack.post_as(account, OPS, text, thread_ts=self.week.thread()).ts
        self.replies.append((account, ts))
        self.model.shown[ts] = Said("reply", TEXTS[text], self.week.clock())
        self.count(looked)

    @precondition(lambda self: self.replies)
    @rule(which=st.integers(0, 99), text=st.sampled_from(SAID), looked=st.sampled_from([True, True, False]))
    def edit(self, which, text, looked):
        self.week.clock.move(seconds=1)
        account, ts = self.replies[which % len(self.replies)]
        self.week.slack.edit_as(account, OPS, ts, text)
        self.model.shown[ts] = Said("reply", TEXTS[text], self.week.clock())
        self.count(looked)

    @precondition(lambda self: self.replies)
    @rule(which=st.integers(0, 99), by_admin=st.booleans(), looked=st.sampled_from([True, True, False]))
    def delete(self, which, by_admin, looked):
        self.week.clock.move(seconds=1)
        account, ts = self.replies.pop(which % len(self.replies))
        self.week.slack.delete_as(self.week.slack_of("hana") if by_admin else account, OPS, ts)
        del self.model.shown[ts]
        self.count(looked)

    @rule(who=st.integers(0, 1), emoji=st.sampled_from(sorted(EMOJI)), looked=st.sampled_from([True, True, False]))
    def react_or_take_it_back(self, who, emoji, looked):
        self.week.clock.move(seconds=1)
        account = self.accounts[who]
        place = f"{account}/{emoji}"
        if self.model.shown.pop(place, None) is None:
            self.week.slack.react_as(account, OPS, self.week.question(), emoji)
            self.model.shown[place] = Said("reaction", EMOJI[emoji], self.week.clock())
        else:
            self.week.slack.unreact_as(account, OPS, self.week.question(), emoji)
        self.count(looked)

    @rule(choice=st.sampled_from(["approve", "veto"]), looked=st.sampled_from([True, True, False]))
    def answer_in_airflow(self, choice, looked):
        self.week.vote("devika", choice)
        said = Said("airflow", choice, self.week.clock())
        self.model.shown[f"airflow/{said.at}"] = said
        self.count(looked)

    @rule(fresh=st.booleans())
    def slack_is_away_for_a_while(self, fresh):
        self.week.slack_down()
        standing = voting.standing(self.week.station(), self.week.departure, fresh=fresh)
        assert not standing.opens
        assert "CHAT_UNREADABLE" in [found.code for found in standing.blockers]
        self.week.slack_down(down=False)

    def count(self, looked):
        """Whoever deploys reads everything; a look in between reads as much here, where a thread is one page."""
        if not looked:
            return
        standing = voting.standing(self.week.station(), self.week.departure)
        now = self.week.clock()
        self.model.read(now)
        counted, _ = voting.counting.count_from_ledger(self.week.station(), self.week.departure)
        kinds = {"approve": counted.approvals, "veto": counted.vetoes, "unclear": counted.unclear}
        found = [kind for kind, ballots in kinds.items() if "devika" in {ballot.voter for ballot in ballots}]
        expected = self.model.vote(now)
        assert found == ([expected] if expected else []), (found, expected, self.model.known)
        verdict = {"veto": "DENY", "approve": "PASS"}.get(expected or "", "WAIT")
        assert (str(standing.verdict), standing.opens) == (verdict, verdict == "PASS")


def test_the_rules_of_votes_hold_whatever_people_do_in_whatever_order(boards, sqlite_template):
    machine = type("Machine", (Votes,), {"boards": boards, "template": sqlite_template})
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )
