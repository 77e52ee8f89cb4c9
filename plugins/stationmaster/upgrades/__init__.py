"""The weekly dependency upgrade of a repository: started, found, followed, merged or asked about (D-24, D-25)."""
