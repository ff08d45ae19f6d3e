"""Durable jobs: the only room that knows DBOS."""
