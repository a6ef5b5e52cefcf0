"""The pages a person sees: codes of invoices, and what this KSeF holds."""
