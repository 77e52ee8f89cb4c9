"""First-parent histories of four public repositories: one line a commit, authors under pseudonyms (dev-NN, bot-NN)."""
