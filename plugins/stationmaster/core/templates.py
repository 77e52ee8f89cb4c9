"""Pages with gaps, such as ``{{ summary }}``: filled with texts, and nothing of a text is read as a gap again."""

from __future__ import annotations

import re
from collections.abc import Mapping

_GAP = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")


class GapUnknown(LookupError):
    """A page asks for something that it is not given."""


def gaps(page: str) -> tuple[str, ...]:
    """Return the names of a page's gaps, each once, in their order."""
    return tuple(dict.fromkeys(_GAP.findall(page)))


def fill(page: str, texts: Mapping[str, str]) -> str:
    """Return the page with every gap filled. Whoever calls it escapes what came from outside (F65).

    :raises GapUnknown: the page asks for a name that ``texts`` lacks.
    """
    missing = [name for name in gaps(page) if name not in texts]
    if missing:
        raise GapUnknown(f"the page asks for {', '.join(missing)}; there are {', '.join(sorted(texts))}")
    return _GAP.sub(lambda found: texts[found[1]], page)
