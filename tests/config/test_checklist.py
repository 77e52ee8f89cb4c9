"""Test lists out of Markdown (C-20)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.config.checklist import introduction, parse_checklist, read_checklist, slug
from stationmaster.config.runbooks import PageMissing, page_text

PAGE = """---
id: page
title: "- [ ] not an item"
---
# Title

- [ ] Open a **small** dataset
* [x] Colour by Zelltyp «B-Zelle»
1. [ ] Lasso
   a cluster
- not an item
  still not

## Genes ##
  - [ ] Nested one
- [ ] Lasso a cluster
- [ ] Named {#by-name}
- [] not an item
- [ ]
```
- [ ] an example in code
```
- [ ] after the code
~~~
- [ ] ```
~~~
"""


def test_items_keep_their_order_their_text_and_their_heading():
    assert [(item.id, item.text, item.section) for item in parse_checklist(PAGE)] == [
        ("open-a-small-dataset", "Open a **small** dataset", "Title"),
        ("colour-by-zelltyp-b-zelle", "Colour by Zelltyp «B-Zelle»", "Title"),
        ("lasso-a-cluster", "Lasso a cluster", "Title"),
        ("nested-one", "Nested one", "Genes"),
        ("lasso-a-cluster-2", "Lasso a cluster", "Genes"),
        ("by-name", "Named", "Genes"),
        ("after-the-code", "after the code", "Genes"),
    ]


def test_a_page_without_boxes_has_no_items():
    assert parse_checklist("# Page\n\n- a\n- b [ ]\n") == ()
    assert parse_checklist("") == ()


def test_an_item_in_another_script_still_has_an_id():
    assert [item.id for item in parse_checklist("- [ ] 細胞\n- [ ] клетка\n")] == ["item", "item-2"]


def test_a_long_text_gets_a_short_id_of_whole_words():
    found = slug("word " * 40)
    assert len(found) <= 60
    assert re.fullmatch(r"(word-)*word", found)


def test_a_named_item_keeps_its_id_when_its_words_change():
    (before,) = parse_checklist("- [ ] Zoom {#zoom}")
    (after,) = parse_checklist("- [ ] Zoom and pan with the mouse {#zoom}")
    assert before.id == after.id == "zoom"


def test_a_page_is_read_under_include(files):
    assert len(read_checklist(files.root, "runbooks/explorer-test-cases.md")) == 20
    assert page_text(files.root, "runbooks/promote.md").startswith("# Promote staging to production\n")


def test_a_page_that_is_gone(files):
    with pytest.raises(PageMissing, match=r"there is no page .*runbooks/gone\.md"):
        read_checklist(files.root, "runbooks/gone.md")


words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1).filter(
    lambda text: len(text.splitlines()) == 1 and text.strip() == text and "`" not in text and "{#" not in text
)


@given(st.lists(words, max_size=12))
def test_every_item_is_found_once_and_has_an_id_of_its_own(texts):
    items = parse_checklist("".join(f"- [ ] {text}\n" for text in texts))
    assert [item.text for item in items] == texts
    assert len({item.id for item in items}) == len(texts)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", item.id) for item in items)


@given(st.lists(words, min_size=1, max_size=8, unique_by=slug), st.data())
def test_an_items_id_does_not_hang_on_the_other_items(texts, data):
    kept = data.draw(st.sampled_from(texts))
    alone = parse_checklist(f"- [ ] {kept}\n")
    among = [item for item in parse_checklist("".join(f"- [ ] {text}\n" for text in texts)) if item.text == kept]
    assert [item.id for item in among] == [item.id for item in alone]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("# Title\n\nOnly look.\nTouch nothing.\n\n## One\n\n- [ ] a\n", "Only look.\nTouch nothing."),
        ("---\nid: x\n---\n# Title\n\n- [ ] a\n", ""),
        ("Only look.\n\n- [ ] a\n", "Only look."),
        ("# Title\n## One\n\nOf one only.\n\n- [ ] a\n", ""),
        ("", ""),
    ],
)
def test_what_a_page_says_of_the_whole_list(page, said):
    assert introduction(page) == said


def test_an_item_takes_no_name_of_the_forms_other_fields():
    """Its box would be lost under the note, and the list could never be passed."""
    assert [item.id for item in parse_checklist("- [ ] Note\n- [ ] On commit\n")] == ["note-2", "on-commit"]
