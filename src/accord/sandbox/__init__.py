"""The wall around an agent's process."""
