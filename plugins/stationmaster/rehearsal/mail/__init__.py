"""A stand-in for mail: takes what Airflow sends and shows it."""
