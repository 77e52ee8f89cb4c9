"""What whoever is on call is asked and what they write down: questions, waits, open work, the log."""
