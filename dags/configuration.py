"""Tells what is wrong under ``include/``: an import error of this airflow file lists each mistake with file and line.

It defines no DAG. Teams without a mistake are not touched by it.
"""

from stationmaster.assemble.include import raise_problems
from stationmaster.settings import include_dir

raise_problems(include_dir(__file__))
