"""What was done outside, as a person reads it in the story."""

from __future__ import annotations

from typing import Any

import pytest

from stationmaster.rehearsal.transcript_effects import sentence

SHA = "1bf2d51a030153b0ff1e254fc54062dd0a837f83"
OPS = "dfinity/dre"

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "the shift's log": (
        "log",
        {"repository": OPS, "title": "DRE rotation: log of 2024-10-14"},
        {"number": 2136, "repository": OPS, "url": "x"},
        "GitHub: issue dfinity/dre#2136: DRE rotation: log of 2024-10-14",
    ),
    "a log that is a file": (
        "log",
        {"repository": OPS, "path": "log.md"},
        {"repository": OPS, "path": "log.md", "url": "x"},
        "GitHub: log.md of dfinity/dre",
    ),
    "open work": (
        "package",
        {"repository": OPS, "title": "Operations: Dina"},
        {"number": 31, "items": 7},
        "GitHub: issue dfinity/dre#31, 7 items: Operations: Dina",
    ),
    "one open thing": (
        "package",
        {"repository": OPS, "title": "Operations: Dina"},
        {"number": 31, "items": 1},
        "GitHub: issue dfinity/dre#31, 1 item: Operations: Dina",
    ),
    "closed": ("log/closed", {"issue": "dfinity/dre#7"}, {"state": "closed"}, "GitHub: dfinity/dre#7 is closed"),
    "told": (
        "issue/told/STAGED/4c4ab897",
        {"issue": "dfinity/dre#7"},
        {"comment": 1290},
        "GitHub: a comment on dfinity/dre#7: STAGED",
    ),
    "another comment": (
        "issue/ended",
        {"issue": "dfinity/dre#7"},
        {"comment": 1290},
        "GitHub: a comment on dfinity/dre#7",
    ),
    "a handle": (
        "handle/dr-dre/UCARLOD02",
        {"group": "S05DRDRE01", "members": ["UCARLOD02"]},
        {"members": ["UCARLOD02"]},
        "Slack: @dr-dre is Carlo",
    ),
    "an empty handle": (
        "handle/dr-dre/",
        {"group": "S05DRDRE01", "members": []},
        {"members": []},
        "Slack: @dr-dre is nobody",
    ),
    "elected": (
        f"promote/replica/mainnet/{SHA}/1",
        {"kind": "elect", "version": SHA},
        {"proposal": "140036", "url": ""},
        "Proposal 140036: 1bf2d51a0301 is elected",
    ),
    "rolled out": (
        f"rollout/tdb26/{SHA}/proposal",
        {"kind": "update", "target": "tdb26", "version": SHA},
        {"proposal": "140042", "url": ""},
        "Proposal 140042: tdb26 gets 1bf2d51a0301",
    ),
    "merged": (
        f"merge/2146/{SHA}",
        {"by": "carlo", "number": 2146, "repository": OPS, "sha": SHA},
        {"merge": "258817c4", "number": 2146, "sha": SHA},
        "GitHub: dfinity/dre#2146 is merged at 1bf2d51a0301",
    ),
    "deployed": (
        "cut/explorer/staging/1",
        {"workflow": "deploy.yml", "repository": OPS, "inputs": {"sha": SHA, "environment": "staging"}},
        {},
        "GitHub: deploy.yml started for the tool at 1bf2d51a0301, to staging",
    ),
    "a workflow without a commit": (
        "dispatch",
        {"workflow": "update.yaml", "repository": OPS, "ref": "main"},
        {"run_id": 1},
        "GitHub: update.yaml started for the tool",
    ),
    "notes": ("n", {"tag": "v1", "repository": OPS, "title": "v1"}, {}, "GitHub: notes of v1 of the tool"),
    "a tag": ("t", {"tag": "v1", "repository": OPS, "sha": SHA}, {}, "GitHub: tag v1 on the tool at 1bf2d51a0301"),
    "a branch": (
        "b",
        {"branch": "prod", "repository": OPS, "sha": SHA},
        {},
        "GitHub: branch prod of the tool moved to 1bf2d51a0301",
    ),
    "a mail": (
        "m",
        {"to": "ada@example.org", "subject": "You are on call"},
        {},
        "Mail to ada@example.org: You are on call",
    ),
    "a card on a board": (
        "board/cut/dfinity/dre#7",
        {"repository": OPS, "number": 7, "from": "Staged", "to": "closed"},
        {"how": "closed"},
        "GitHub: dfinity/dre#7 closed, from Staged to closed",
    ),
    "brought home": (
        "home",
        {"repository": OPS, "head": "hotfix/1", "base": "main"},
        {"number": 8, "url": "x"},
        "GitHub: pull request dfinity/dre#8 from hotfix/1 to main",
    ),
    "superseded": (
        "supersede/3",
        {"repository": OPS, "number": 3, "newest": 5},
        {"number": 3},
        "GitHub: dfinity/dre#3 gives way to #5",
    ),
    "recorded": (
        "deployment",
        {"repository": OPS, "environment": "prod", "sha": SHA},
        {"deployment": 12},
        "GitHub: a deployment of the tool at 1bf2d51a0301 to prod is written down",
    ),
    "of another release": ("something/new", {"unheard": "of"}, {}, "Done: something/new"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_effect_is_told_in_words(case) -> None:
    key, intent, receipt, told = case
    names = {"UCARLOD02": "Carlo"}
    assert (
        sentence(
            key,
            intent,
            receipt,
            component=lambda name: "the tool" if name == OPS else name,
            member=lambda account: names.get(account, account),
        )
        == told
    )
