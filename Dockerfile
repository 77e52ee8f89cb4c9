# The image of every Airflow component in docker-compose.yaml and in Airflow's Helm chart.
# It holds the package, installed against our constraints, and this repository's dags/ and include/.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY plugins/stationmaster plugins/stationmaster
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --disable-pip-version-check --no-cache-dir \
        --constraint constraints.txt ".[production]"

FROM python:3.11-slim-bookworm
# git is for git bundles only.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --gid 0 --home-dir /opt/airflow --create-home airflow \
    && mkdir -p /opt/airflow/logs /opt/stationmaster \
    && chown -R 50000:0 /opt/airflow \
    && chmod -R g=u /opt/airflow
COPY --from=build /opt/venv /opt/venv
COPY .airflowignore /opt/stationmaster/.airflowignore
COPY dags /opt/stationmaster/dags
COPY include /opt/stationmaster/include
ENV PATH=/opt/venv/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    PYTHONUNBUFFERED=1
WORKDIR /opt/airflow
USER 50000:0
CMD ["airflow", "version"]
