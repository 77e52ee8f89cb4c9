"""The stand-in Sentry."""
