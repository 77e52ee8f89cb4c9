"""The chores and watches of every team under ``include/``: an airflow DAG a chore, and one for all that a team watches.

There is nothing to edit here. A team adds files under ``include/``; a chore with a mistake is reported by
``configuration.py`` beside this one, and keeps out itself only.
"""

from airflow.sdk import get_parsing_context

from stationmaster.assemble.include import Subject, dags_of
from stationmaster.settings import include_dir

for dag in dags_of(include_dir(__file__), Subject.CHORES, dag_file=__file__, only=get_parsing_context().dag_id):
    globals()[dag.dag_id] = dag
