"""Forms about a person, ours and those that ours put in the place of allauth's."""
