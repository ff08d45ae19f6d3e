"""Accord: spec-driven development with gates that hold."""

__version__ = "0.1.0"
