"""The commit graph of one repository: ancestors, distances, what lies between two commits. No time, no I/O."""

from collections.abc import Iterator, Mapping

from stationmaster.rehearsal.github.state import CommitRecord

Commits = Mapping[str, CommitRecord]


def walk(commits: Commits, head: str) -> Iterator[CommitRecord]:
    """Yield `head` and its ancestors, the newest first."""
    seen, edge = {head}, [head]
    while edge:
        edge.sort(key=lambda sha: (commits[sha].depth, commits[sha].committed_at), reverse=True)
        record = commits[edge.pop(0)]
        yield record
        for parent in record.parents:
            if parent not in seen and parent in commits:
                seen.add(parent)
                edge.append(parent)


def ancestors(commits: Commits, head: str) -> set[str]:
    """Return the shas of `head` and all its ancestors."""
    seen, edge = {head}, [head]
    while edge:
        for parent in commits[edge.pop()].parents:
            if parent not in seen and parent in commits:
                seen.add(parent)
                edge.append(parent)
    return seen


def contains(commits: Commits, head: str, sha: str) -> bool:
    """Whether `sha` is `head` or one of its ancestors."""
    return sha in ancestors(commits, head)


def between(commits: Commits, base: str, head: str) -> list[CommitRecord]:
    """Return the commits of `head` that `base` lacks, the oldest first."""
    known = ancestors(commits, base)
    lacking = [commits[sha] for sha in ancestors(commits, head) if sha not in known]
    return sorted(lacking, key=lambda record: (record.depth, record.committed_at))


def merge_base(commits: Commits, base: str, head: str) -> str | None:
    """Return the newest commit that both have, or None for unrelated histories."""
    shared = ancestors(commits, base) & ancestors(commits, head)
    return max(shared, key=lambda sha: commits[sha].depth, default=None)
