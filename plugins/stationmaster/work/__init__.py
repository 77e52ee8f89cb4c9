"""What every area is made of: a team's context, effects, messages, questions, waits, issues, the kill switch."""
