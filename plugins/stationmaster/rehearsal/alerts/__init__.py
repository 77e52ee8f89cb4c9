"""The stand-in Alertmanager."""
