"""Decision records as two common tools write them."""

MADR = """---
status: accepted
date: 2026-01-01
---
# Use PostgreSQL for all state

## Context and Problem Statement

Where to keep carts?

## Decision Outcome

Chosen option: "Keep all state in PostgreSQL", because one backup is enough. More follows.

### Consequences

* Good
"""
NYGARD = """# 3. Log in JSON

Date: 2026-01-01

## Status

Accepted

## Context

Logs are read by machines.

## Decision

We will write every log line as JSON.

## Consequences

None.
"""
