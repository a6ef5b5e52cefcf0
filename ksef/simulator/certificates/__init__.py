"""KSeF certificates: a small certificate authority, enrolment, lists and revocation (section 3)."""
