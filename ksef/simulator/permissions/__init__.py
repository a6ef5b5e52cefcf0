"""Who may do what for whom: grants, queries and their effect (section 11)."""
