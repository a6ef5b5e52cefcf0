"""A strict stand-in for KSeF 2.0 (TEST flavour) that shares no crypto or writer code with the client it judges."""
