"""The stand-in proposal system."""
