"""What a team's file may say of its incidents (T-07)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stationmaster.config.incidents import IncidentRules

RULES = {
    "roles": ["operator", "critical"],
    "channel": "ops",
    "severities": {"critical": {"title": "Critical", "critical": True}},
    "impacts": {"all": {"title": "all"}},
    "services": ["ci"],
}


def test_t07_some_of_the_roles_may_be_there_for_what_is_critical_only():
    assert IncidentRules.model_validate({**RULES, "critical_only": ["critical"]}).critical_only == ("critical",)


@pytest.mark.parametrize(
    ("roles", "word"),
    [(["night"], "'night' is none of roles"), (["operator", "critical"], "nobody is there for what is not critical")],
)
def test_t07_a_file_by_which_nobody_would_ever_be_there_is_refused(roles, word):
    with pytest.raises(ValidationError, match=word):
        IncidentRules.model_validate({**RULES, "critical_only": roles})
