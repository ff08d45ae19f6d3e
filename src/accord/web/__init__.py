"""The review room: the web app that `accord serve` starts, for one person on one machine."""
