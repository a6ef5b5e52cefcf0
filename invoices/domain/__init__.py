"""Pure rules of invoicing: money, VAT, numbering, the life of an invoice."""
