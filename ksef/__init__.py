"""A library for KSeF 2.0; knows no model, tenant, view or task."""
