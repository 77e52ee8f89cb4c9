"""Pages under ``include/templates/``: a document with gaps, such as the report of an incident (T-15, T-21, T-22)."""

from __future__ import annotations

from pathlib import Path

from stationmaster.config.runbooks import PageMissing
from stationmaster.core.templates import gaps

FOLDER = "templates"
FIELDS: dict[str, tuple[str, ...]] = {
    "incident": (
        "attachments",
        "closure",
        "closure_by",
        "company_severity",
        "date",
        "duration",
        "follow_ups",
        "impact",
        "impact_rating",
        "incident_id",
        "incident_type",
        "lessons_learned",
        "preventive_measures",
        "resolution_steps",
        "responders",
        "root_cause",
        "runbook",
        "service",
        "severity",
        "status",
        "summary",
        "team",
        "time",
        "timeline",
        "title",
    ),
    "service": ("date", "owner", "repository", "service", "team", "title"),
}
"""What a page of each kind may ask for."""


def template_path(include: Path, name: str) -> Path:
    """Return where a template stands: ``include/templates/<name>.md``."""
    return include / FOLDER / f"{name}.md"


def template_text(include: Path, name: str) -> str:
    """Return the Markdown of a template.

    :raises PageMissing: there is no such page.
    """
    path = template_path(include, name)
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PageMissing(f"there is no page {path}. Write it, or name another template.") from error


def unknown_fields(page: str, kind: str) -> tuple[str, ...]:
    """Return what a page asks for and a document of its kind does not have."""
    return tuple(name for name in gaps(page) if name not in FIELDS[kind])
