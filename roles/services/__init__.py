"""Writing roles and memberships; each service asks the actor again."""
