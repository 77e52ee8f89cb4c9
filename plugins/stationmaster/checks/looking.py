"""One look by a check of any kind; whatever keeps it from telling is said, and is never taken for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.checks import addresses, capacity, certificates, commands, heartbeats, repositories
from stationmaster.checks.finding import Finding, unknown
from stationmaster.config.checks_by_machine import (
    CapacityCheck,
    CertificateCheck,
    CommandCheck,
    FilesCheck,
    HeartbeatCheck,
    HttpCheck,
    WorkflowsCheck,
)
from stationmaster.hooks.errors import ForgeError

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import CheckConfig
    from stationmaster.work.context import Desk


def look(desk: Desk, check: CheckConfig, about: str) -> Finding:
    """Take the look that the check's kind asks for."""
    try:
        return _look(desk, check, about)
    except ForgeError as error:
        return unknown(f"GitHub cannot be read: {str(error).strip().rstrip('.')}")


def _look(desk: Desk, check: CheckConfig, about: str) -> Finding:
    match check:
        case CommandCheck():
            return commands.look(desk, check)
        case HttpCheck():
            return addresses.look(desk, check)
        case HeartbeatCheck():
            return heartbeats.look(desk, check)
        case CertificateCheck():
            return certificates.look(desk, check)
        case FilesCheck():
            return repositories.files(desk, check)
        case WorkflowsCheck():
            return repositories.workflows(desk, check)
        case CapacityCheck():
            return capacity.look(desk, check, about)
