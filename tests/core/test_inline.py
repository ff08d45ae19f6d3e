"""Tests of Rust that stand beside the code are put beside the code as it was."""

from accord.core.inline import laid_over

CODE = "pub fn keep() -> i32 {\n    1\n}\n"
TESTS = """\
#[cfg(test)]
#[allow(unused)]
mod tests {
    use super::*;

    #[test]
    fn keeps() {
        assert_eq!(keep(), 1);
    }
}
"""
NEW = f"{CODE.replace('1', '2')}\n{TESTS.replace('1)', '2)')}"


def test_the_tests_of_one_text_stand_beside_the_code_of_another() -> None:
    both = f"{CODE}\n{TESTS.replace('1)', '2)')}"

    assert laid_over(f"{CODE}\n{TESTS}", NEW) == both
    assert laid_over(f"{TESTS}\n{CODE}", NEW).strip() == both.strip()
    assert laid_over(CODE, NEW) == both


def test_where_there_are_no_such_tests_nothing_is_made() -> None:
    assert laid_over(f"{CODE}\n{TESTS}", CODE) == ""
    assert laid_over(CODE, NEW.replace("\n}\n", "\n    }\n")) == ""
