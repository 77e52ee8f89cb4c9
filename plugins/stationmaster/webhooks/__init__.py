"""What other systems may send to the station: signed, small, and written down at once (D-17, D-18)."""
