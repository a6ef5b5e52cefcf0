"""Limits of size, number and rate, as published, as changed and as counted (section 12)."""
