"""Sales invoices: drafting, approval, sending to KSeF."""
