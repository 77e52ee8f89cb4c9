"""The release trains and rotations of every team under ``include/``: an airflow DAG a stop, and one for the handoffs.

There is nothing to edit here. A team adds files under ``include/``; a file with a mistake is reported by
``configuration.py`` beside this one, and keeps out its own team only. Chores have a file of their own, ``chores.py``.
"""

from airflow.sdk import get_parsing_context

from stationmaster.assemble.include import Subject, dags_of
from stationmaster.settings import include_dir

for dag in dags_of(include_dir(__file__), Subject.TRAINS, dag_file=__file__, only=get_parsing_context().dag_id):
    globals()[dag.dag_id] = dag
