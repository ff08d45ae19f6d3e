import unittest

from wording import pluralize, titleize


class WordingTest(unittest.TestCase):
    def test_plurals(self):
        self.assertEqual(pluralize("box"), "boxes")
        self.assertEqual(pluralize("city"), "cities")
        self.assertEqual(pluralize("post"), "posts")

    def test_titles(self):
        self.assertEqual(titleize("a day at sea"), "A Day At Sea")


if __name__ == "__main__":
    unittest.main()
