"""Tests: behaviour on real parts."""
