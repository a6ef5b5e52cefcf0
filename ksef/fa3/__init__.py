"""FA(3) invoices: the document, its canonical bytes, and the checks KSeF will make."""
