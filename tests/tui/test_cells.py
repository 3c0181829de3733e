"""Texts in terminal cells."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from scaptui.tui.cells import cut, fit, resample, sparkline, utc, width_of
from scaptui.tui.widgets.streams import wrap


@given(st.text(), st.integers(1, 30))
def test_a_fitted_text_has_exactly_its_width_and_nothing_that_acts(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert width_of(fitted) == width
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in fitted)


@given(st.text(alphabet="abü漢字🙂 ", max_size=60), st.integers(2, 20))
def test_wrapped_lines_hold_everything(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines) == text
    assert all(width_of(line) <= width for line in lines)


def test_what_is_cut_says_so() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert fit("ab", 4, right=True) == "  ab"


def test_a_sparkline_is_scaled_to_its_peak_and_zero_is_empty() -> None:
    assert sparkline([0, 1, 8], 3) == " ▂█"
    assert sparkline([0, 0], 4) == "    "
    assert sparkline([], 2) == "  "
    assert sparkline([5], 3) == "███"


def test_a_sparkline_of_a_small_share_is_not_empty() -> None:
    assert sparkline([1, 1_000_000], 2) == "▁█"


def test_many_values_share_columns() -> None:
    assert resample([1, 3, 5, 7], 2) == [2.0, 6.0]
    assert resample([1, 2], 4) == [1.0, 1.0, 2.0, 2.0]


def test_times_carry_date_and_zone() -> None:
    assert utc(1_506_127_469_900_617_765) == "2017-09-23 00:44:29 UTC"
    assert utc(2**63 - 1).endswith("UTC")
