"""What shows that a chore was done, and what does not (T-16, F65)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core import escaping
from stationmaster.core.evidence import EvidenceRefused, link_of, number_of, path_of, ticks_of

REPO = "threefoldtech/tf_operations"


@pytest.mark.parametrize(
    "given",
    [
        "https://github.com/threefoldtech/tf_operations/actions/runs/1",
        "  https://grafana.example.org:8443/d/x?orgId=1&from=now-1d#panel-2 ",
    ],
)
def test_t16_an_https_address_is_a_link(given):
    assert link_of(given) == given.strip()


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        7,
        "done",
        "http://example.org/x",
        "ftp://example.org/x",
        "javascript:alert(1)",
        "https://",
        "https://localhost/x",
        "https:///x",
        "https://exa mple.org",
        "https://example.org/a\nb",
        "https://example.org/<!channel>",
        "https://example.org/x|<@U1>",
        "https://exämple.org/x",
        "https://example.org:port/x",
        "https://user:secret@example.org/x",
        "https://example.org\\@evil.org/",
        "https://[::1/x",
        "https://example.org/" + "x" * 3000,
    ],
)
def test_t16_what_is_no_link_is_refused_with_what_to_paste(given):
    with pytest.raises(EvidenceRefused, match=r"link|https://"):
        link_of(given)


def test_t16_only_the_hosts_that_the_chore_names_count_and_those_below_them():
    assert link_of("https://a.grafana.net/x", ("grafana.net",)) == "https://a.grafana.net/x"
    for other in ("https://grafana.net.evil.org/x", "https://notgrafana.net/x"):
        with pytest.raises(EvidenceRefused, match=r"grafana\.net is needed"):
            link_of(other, ("grafana.net",))


@given(st.text())
def test_law_a_link_that_is_taken_stays_as_it_is_in_a_message(text):
    """Nothing that passes can open markup or a mention."""
    try:
        taken = link_of(f"https://example.org/{text}")
    except EvidenceRefused:
        return
    assert not {"<", ">", "|", "`", '"', " ", "\n"} & set(taken)
    assert escaping.one_line(taken) == taken


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("research/dr/2026-11.md", "research/dr/2026-11.md"),
        (f"https://github.com/{REPO}/blob/master/research/dr/2026-11.md", "research/dr/2026-11.md"),
        (f"https://github.com/{REPO.upper()}/blob/main/a.md", "a.md"),
    ],
)
def test_t16_a_file_is_a_path_or_its_address(given, path):
    assert path_of(given, repository=REPO) == path


@pytest.mark.parametrize(
    "given",
    [
        "",
        "..",
        "../etc/passwd",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        "a b",
        "https://github.com/other/repo/blob/main/a.md",
        f"https://github.com/{REPO}/issues/1",
        f"https://github.com/{REPO}",
        "https://gitlab.com/threefoldtech/tf_operations/blob/main/a.md",
        f"https://github.com/{REPO}/blob/main/../../x",
    ],
)
def test_t16_what_is_no_file_of_the_repository_is_refused(given):
    with pytest.raises(EvidenceRefused):
        path_of(given, repository=REPO)


def test_t16_a_file_elsewhere_than_the_chore_says_is_refused():
    assert path_of("research/dr/a.md", repository=REPO, under="research/dr") == "research/dr/a.md"
    with pytest.raises(EvidenceRefused, match="lies in research/dr/"):
        path_of("research/drx/a.md", repository=REPO, under="research/dr")


@pytest.mark.parametrize(("given", "number"), [(3, 3.0), ("42", 42.0), (" 99,5 ", 99.5), (0, 0.0)])
def test_t16_a_number_is_read(given, number):
    assert number_of(given, at_least=0, at_most=100) == number


@pytest.mark.parametrize("given", [None, "", True, "many", math.nan, math.inf, "nan", "inf", [1]])
def test_t16_what_is_no_number_is_refused(given):
    with pytest.raises(EvidenceRefused, match="A number is needed"):
        number_of(given)


@pytest.mark.parametrize(("given", "why"), [(-0.1, "below 0 %"), (100.1, "above 100 %")])
def test_t16_a_number_out_of_bounds_says_that_the_chore_is_not_done(given, why):
    with pytest.raises(EvidenceRefused, match=f"{why}. If that is true, the chore is not done"):
        number_of(given, at_least=0, at_most=100, unit="%")


def test_t16_every_item_must_be_ticked_and_the_open_ones_are_named():
    items = {"a": "Look", "b": "Restore", "c": "Compare", "d": "Delete", "e": "Write"}
    assert ticks_of(dict.fromkeys(items, True), items) == 5
    with pytest.raises(EvidenceRefused, match="Not ticked: Restore; Compare; Delete and 1 more"):
        ticks_of({"a": True, "b": "true", "c": 1}, items)
    with pytest.raises(EvidenceRefused, match="no items"):
        ticks_of({}, {})
