"""Who may come in: challenges, signatures, tokens and logins (section 2)."""
