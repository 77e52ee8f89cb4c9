"""A departure's rollout over days, without Airflow: planning, proposing, watching, what people say to it."""
