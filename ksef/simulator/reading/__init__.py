"""What goes out: metadata, exports, single invoices and collective identifiers (section 7)."""
