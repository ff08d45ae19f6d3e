"""Criteria in Japanese and in Korean."""

import pytest

from accord.core.terse import subject_of, terse


@pytest.mark.parametrize(
    ("text", "subject", "said"),
    [
        ("店は、カートを保持すること", "店", "カートを保持すること"),
        ("カードが拒否された時、店はカートを保持すること", "店",
         "カードが拒否された時 → カートを保持すること"),
        ("カードが拒否された場合、銀行は通知すること", "店",
         "カードが拒否された場合 → 銀行: 通知すること"),
        ("WHEN カードが拒否されるTHEN 店はカートを保持しなければならない", "店",
         "カードが拒否される → カートを保持しなければならない"),
        ("IF カードが拒否されたTHE 店はカートを保持しなければならない", "店",
         "IF カードが拒否された → カートを保持しなければならない"),
        ("WHEN 支払いが終わるTHEN 3秒以内に表示しなければならない", "店",
         "支払いが終わる → 3秒以内に表示しなければならない"),
        ("상점은 장바구니를 보관해야 합니다.", "상점", "장바구니를 보관해야 합니다."),
        ("은행은 알려야 합니다", "상점", "은행: 알려야 합니다"),
        # no obligation, so nothing is taken apart
        ("カードは赤い", "カード", "カードは赤い"),
        ("상점은 좋다", "상점", "상점은 좋다"),
    ],
)  # fmt: skip
def test_the_subject_is_what_its_particle_marks(text: str, subject: str, said: str) -> None:
    assert terse(text, subject).text == said


def test_the_subject_of_most_is_found_by_its_particle() -> None:
    assert subject_of(["店は、払うこと", "店は、待つこと", "銀行は、払うこと"]) == "店"
