"""``python -m stationmaster.cli``: the same command, without a script on the path."""

from stationmaster.cli.main import app

app(prog_name="stationmaster")
