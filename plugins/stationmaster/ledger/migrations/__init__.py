"""The steps from one schema to the next. They only go forward: a ledger that forgets is none."""
