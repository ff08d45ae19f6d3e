"""Words for people: plurals and titles."""

import re


def pluralize(word):
    """Return the plural of an English noun, by its last letters."""
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


def titleize(text):
    """Return the text with every word capitalized."""
    return " ".join(word.capitalize() for word in text.split())
