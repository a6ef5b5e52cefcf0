"""One function for each KSeF request; nothing here sleeps, repeats or remembers (ksef.gateway does)."""
