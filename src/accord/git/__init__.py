"""Git: the only room that spawns it."""
