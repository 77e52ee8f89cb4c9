"""What the person on call writes down, and what the weeks cost each person."""
