"""The gate: one pure core and its hands."""
