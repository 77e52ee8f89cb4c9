"""The stand-in paging services."""
