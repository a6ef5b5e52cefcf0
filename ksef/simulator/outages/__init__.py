"""The lighthouse and what the API does while it reports an outage (section 1)."""
