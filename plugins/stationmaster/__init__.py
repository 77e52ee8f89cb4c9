"""Release trains and on-call chores as an Airflow DAG package."""

__version__ = "0.1.0"
