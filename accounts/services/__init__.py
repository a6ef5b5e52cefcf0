"""Writing: companies and access to KSeF."""
