"""What a planned fault does to a request and to its answer."""
