"""What a machine can look at itself: backups, certificates, heartbeats, files, workflows, capacity (T-16)."""
