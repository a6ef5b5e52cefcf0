"""Pure rules about companies and people."""
