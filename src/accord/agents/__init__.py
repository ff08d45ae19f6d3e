"""Coding agents behind one port: each run is a process of its own that outlives its caller."""
