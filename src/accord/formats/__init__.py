"""Spec formats: text in, the model of `core` out, and edits as splices."""
