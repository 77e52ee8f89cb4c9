"""What is watched for the person on call: questions, issues, alerts, errors after a deploy (C-26, N-08)."""
