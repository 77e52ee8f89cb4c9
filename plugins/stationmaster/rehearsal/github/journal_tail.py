"""The end of the stand-in GitHub's journal: when it was asked last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx


def newest_request(github_url: str) -> Callable[[], datetime | None]:
    """Return a function that tells the virtual instant of the newest request to the stand-in GitHub."""
    seen: list[dict[str, Any]] = [{"seq": 0}]

    def ask() -> datetime | None:
        query = {"since": seen[-1]["seq"]}
        answer = httpx.get(f"{github_url}/_control/journal", params=query, trust_env=False, timeout=10)
        seen[:] = [*seen, *answer.raise_for_status().json()][-1:]
        return datetime.fromisoformat(seen[-1]["at"]) if "at" in seen[-1] else None

    return ask
