"""Who may log in to the embedded Airflow, and the secrets that its processes share."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stationmaster.config.include import Include

Role = Literal["viewer", "user", "op", "admin"]


class User(BaseModel):
    """An account of SimpleAuthManager: its id is its name (fact 5)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # A comma, a colon or a bar would end the name inside Airflow's one-line list of users.
    name: str = Field(pattern=r"^[^,:|\s]+$")
    role: Role


ADMIN = User(name="admin", role="admin")
VIEWER = User(name="viewer", role="viewer")


class Secrets(BaseModel):
    """What must stay the same while the station's databases live."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str
    fernet_key: str
    jwt: str
    session: str


def users_of(include: Include) -> tuple[User, ...]:
    """Return an account for each active person with an Airflow name, then ``admin`` and ``viewer``."""
    names = {
        person.airflow
        for team in include.teams.values()
        for person in team.people.values()
        if person.airflow and person.active and not person.bot
    }
    people = (User(name=name, role="user") for name in sorted(names - {ADMIN.name, VIEWER.name}))
    return (*people, ADMIN, VIEWER)


def write_passwords(path: Path, users: Iterable[User]) -> Mapping[str, str]:
    """Write a password for each user, keep those that exist, and return them all; only the owner may read the file."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    passwords = {user.name: known.get(user.name) or secrets.token_urlsafe(9) for user in users}
    write_private(path, json.dumps(passwords, indent=1))
    return passwords


def read_passwords(path: Path) -> Mapping[str, str]:
    """Return the passwords by user name."""
    return dict(json.loads(path.read_text()))


def keep_secrets(path: Path) -> Secrets:
    """Return the station's secrets, drawn at its first start."""
    if path.exists():
        return Secrets.model_validate_json(path.read_text())
    from cryptography.fernet import Fernet

    drawn = Secrets(
        database=secrets.token_urlsafe(24),
        fernet_key=Fernet.generate_key().decode(),
        jwt=secrets.token_urlsafe(48),
        session=secrets.token_urlsafe(32),
    )
    write_private(path, drawn.model_dump_json())
    return drawn


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(draft).replace(path)
