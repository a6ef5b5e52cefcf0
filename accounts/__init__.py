"""Users, companies and their access to KSeF."""
