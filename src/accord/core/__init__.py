"""The rules of Accord: pure values and functions that look at no machine and no clock."""
