"""Commits and manifests by their first digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.naming import DIGITS, names, short

SHA = "3fa1c0de" + "9" * 32


@pytest.mark.parametrize("written", [SHA, short(SHA), SHA.upper(), f" `{SHA[:12]}` "])
def test_the_first_digits_name_a_hash_in_any_case_and_quoted(written: str) -> None:
    assert names(written, SHA)


@pytest.mark.parametrize("written", ["", " ", "`", SHA[:7], SHA + "0", SHA[1:], "deadbeef", f"{short(SHA)} or so"])
def test_f06_what_is_too_short_too_long_or_another_names_nothing(written: str) -> None:
    assert not names(written, SHA)


@given(st.text("0123456789abcdef", min_size=40, max_size=40), st.text())
def test_whatever_names_a_hash_begins_it(known: str, written: str) -> None:
    assert names(short(known), known)
    assert not names(written, known) or known.startswith(written.strip().strip("`").lower()[:DIGITS])
