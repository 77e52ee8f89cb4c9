"""What an upgrade workflow leaves when its run has succeeded: a commit on its branch, and a pull request of it."""

from collections import defaultdict
from datetime import datetime

from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.specs import UpgradeSpec
from stationmaster.rehearsal.github.state import PullRecord, RunRecord


def open_upgrade(repository: Repository, run: RunRecord, at: datetime) -> PullRecord | None:
    """Push the branch, and open its pull request or move the one that is there; None where there is nothing to do."""
    spec = next((one.upgrade for one in repository.spec.workflows if one.file == run.workflow), None)
    if spec is None or spec.outcome == "nothing":
        return None
    record, known = repository.record, defaultdict(str, run.inputs)
    base = record.refs[repository.main]
    branch, title = (" ".join(text.format_map(known).split()) for text in (spec.branch, spec.title))
    commit = repository.add_commit(parents=(base,), message=title, author=spec.author, at=at)
    repository.move(f"heads/{branch}", commit.sha, at)
    if spec.outcome == "red":
        record.check_states[commit.sha] = "red"
    pull = next((one for one in record.pulls.values() if one.state == "open" and one.head_ref == branch), None)
    if pull is None:
        pull = _new(repository, spec, branch, title, at)
        record.pulls[pull.number] = pull
    pull.head_sha, pull.base_sha, pull.updated_at = commit.sha, base, at
    pull.files, pull.mergeable = spec.files, spec.outcome != "conflict"
    return pull


def _new(repository: Repository, spec: UpgradeSpec, branch: str, title: str, at: datetime) -> PullRecord:
    record = repository.record
    number = record.next_number
    record.next_number += 1
    for name in spec.labels:
        record.labels.setdefault(name, "ededed")
    return PullRecord(
        number=number,
        title=title,
        body=spec.body,
        author=spec.author,
        head_ref=branch,
        head_sha="",
        base_ref=record.default_branch,
        base_sha="",
        created_at=at,
        labels=list(spec.labels),
    )
