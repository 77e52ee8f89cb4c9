"""Who is on call in fact: the plan of the files, with the overrides and swaps that people made since."""
