"""Rules that need no framework."""
