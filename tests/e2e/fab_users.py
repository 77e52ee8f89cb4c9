"""Make users in FAB's tables: ``python fab_users.py PASSWORDS NAME …``, whose ids are then 1, 2, 3 … in that order."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Write the ids by name."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    passwords, names = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2:]
    found = {}
    with get_application_builder() as builder:
        builder.sm.sync_roles()
        for name in names:
            role = builder.sm.find_role("Admin" if name == "admin" else "User")
            mail = f"{name}@station.example"
            user = builder.sm.add_user(name, name, "of the station", mail, role, passwords.get(name, name))
            found[name] = str(user.id)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
