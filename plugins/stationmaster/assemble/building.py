"""Builds the tasks of a DAG without a copy of its form in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk.definitions.param import ParamsDict

if TYPE_CHECKING:
    from airflow.sdk import DAG


@contextmanager
def building(dag: DAG) -> Iterator[DAG]:
    """Yield the DAG to build its tasks in, and give it its form back afterwards.

    Airflow copies a DAG's form into every task that is built in it, and holds each copy against its schema several
    times over when it writes the DAG down: most of what a train costs to parse. A task reads the form of its run all
    the same, for Airflow starts from the DAG's.
    """
    form, dag.params = dag.params, ParamsDict()
    try:
        with dag:
            yield dag
    finally:
        # It was checked when the DAG was made: an assignment would hold it against its schema once more.
        object.__setattr__(dag, "params", form)
