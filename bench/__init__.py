"""What Accord costs, measured beside what else would be used; `make bench` prints it."""
