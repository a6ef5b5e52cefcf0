"""Writing: drafting, approving, sending. Each service asks the actor for the right again (S78)."""
