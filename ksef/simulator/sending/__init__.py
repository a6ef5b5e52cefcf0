"""What comes in: online and batch sessions, their invoices and receipts (sections 4 to 6)."""
