"""The demonstration: one full change and one trivial one on a real project, in a minute."""
