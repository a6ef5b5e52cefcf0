"""Pages under "Konto", and those between the password and the portal."""
