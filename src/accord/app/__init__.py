"""Use cases: one function for each intention of a person."""
