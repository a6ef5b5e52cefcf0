"""What only the TEST environment lets one invent: subjects, persons, consents and blocks (section 14)."""
