"""Pages under ``include/runbooks/``: Markdown with a front matter that says whose they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.documents import Document, DocumentBroken, Mark, read_document
from stationmaster.config.fields import Line, Slug, Text

_RULER = "---"


class PageMissing(LookupError):
    """A page that ``include/`` does not have, or no longer has."""


class FrontMatter(ConfigModel):
    """What stands between the two rulers at the top of a page."""

    id: Slug = Field(description="The name of the file without .md")
    title: Line
    services: tuple[Text, ...] = ()
    owner: Slug = Field(description="The team that keeps the page true")
    reviewed: date = Field(description="When somebody last followed the page and found it right")
    steps: tuple[Text, ...] = Field(
        default=(), description="What to do, step by step, where the page itself has no list with - [ ] items"
    )


def read_front_matter(path: Path) -> Document:
    """Return the front matter of a page as a document whose marks count the lines of the whole file.

    :raises DocumentBroken: there is none, or it is not YAML.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0].rstrip() != _RULER or _RULER not in [line.rstrip() for line in lines[1:]]:
        raise DocumentBroken(
            Mark(1, 1),
            "",
            "",
            "the page has no front matter",
            "Begin it with --- and the fields id, title, services, owner and reviewed, then --- again.",
            code="no_front_matter",
        )
    end = [line.rstrip() for line in lines].index(_RULER, 1)
    return read_document(path, "\n".join(lines[1:end]) + "\n", first_line=1)


def body(markdown: str) -> str:
    """Return a page without its front matter."""
    if not markdown.startswith(f"{_RULER}\n"):
        return markdown
    _, _, rest = markdown[len(_RULER) + 1 :].partition(f"\n{_RULER}")
    return rest.lstrip("\n")


def page_text(include: Path, page: str) -> str:
    """Return the Markdown of a page without its front matter.

    :param page: the path relative to ``include``, such as ``runbooks/promote.md``.
    :raises PageMissing: there is no such page.
    """
    path = include / page
    try:
        return body(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PageMissing(f"there is no page {path}. Write it, or name another page in the train's file.") from error
