"""What changes about a person, on behalf of that person."""
