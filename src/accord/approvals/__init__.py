"""Signed records: their bytes, their signatures, and the trust that they are checked against."""
