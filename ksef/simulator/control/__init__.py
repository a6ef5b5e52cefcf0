"""The control API of tests and of the demo."""
