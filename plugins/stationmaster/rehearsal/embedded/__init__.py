"""A whole Airflow on this machine: its processes, database, ports, passwords and environment."""
