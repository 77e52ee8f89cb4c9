"""What is patch-level, and when an upgrade may be merged without a question (D-24, D-25)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.upgrade_diffs import ChangedFile, read_file
from stationmaster.core.upgrade_versions import Bump, kind_of
from stationmaster.core.upgrade_words import read_words
from stationmaster.core.upgrades import Assessment, Condition, assess, objections, summary

NUMBERS = st.integers(0, 10**6)
LOCK = """@@ -10,7 +10,7 @@
 [[package]]
 name = "serde"
-version = "1.0.201"
+version = "1.0.203"
 source = "registry+https://github.com/rust-lang/crates.io-index"
-checksum = "AAAA"
+checksum = "BBBB"
""".replace("AAAA", "a" * 64).replace("BBBB", "b" * 64)
HASH = '@@ -1,2 +1,2 @@\n name = "x"\n-checksum = "AAAA"\n+checksum = "BBBB"\n'.replace("AAAA", "a" * 64).replace(
    "BBBB", "b" * 64
)
TOML = '@@ -3,4 +3,4 @@ [dependencies]\n anyhow = "1"\n-serde = { version = "1.0.201", features = ["derive"] }\n'
TOML += '+serde = { version = "1.0.203", features = ["derive"] }\n'
PIP = "@@ -1,2 +1,2 @@\n-requests==2.31.0\n+requests==2.31.1\n idna==3.6\n"
NPM = '@@ -4,3 +4,3 @@\n   "dependencies": {\n-    "left-pad": "^1.3.0",\n+    "left-pad": "^1.3.1",\n'
GREEN = Condition(checks="green")


def lock(before: str, after: str) -> ChangedFile:
    patch = f'@@ -1,3 +1,3 @@\n name = "serde"\n-version = "{before}"\n+version = "{after}"\n'
    return ChangedFile(name="rs/Cargo.lock", patch=patch)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("1.2.3", "1.2.4", "patch"),
        ("v1.2.3", "v1.2.10", "patch"),
        ("1.2", "1.2.1", "patch"),
        ("1.2.3.4", "1.2.3.5", "patch"),
        ("0.2.3", "0.2.4", "patch"),
        ("0.0.3", "0.0.4", "major"),
        ("0.2.3", "0.3.0", "major"),
        ("1.2.3", "1.3.0", "minor"),
        ("1.9.9", "2.0.0", "major"),
        ("3", "4", "major"),
        ("1.2.4", "1.2.3", "back"),
        ("1.2.3", "1.2.3.0", "same"),
        ("1.2.3", "1.2.4-rc.1", "unreadable"),
        ("1.2.3rc1", "1.2.3", "unreadable"),
        ("1.2.3", "1.2.3.post1", "unreadable"),
        ("1!1.2.3", "1!1.2.4", "unreadable"),
        ("1.2.3+a", "1.2.3+b", "unreadable"),
        ("^1.2.3", "^1.2.4", "unreadable"),
        ("1.2.x", "1.2.y", "unreadable"),
        ("abcdef0", "1234567", "unreadable"),
        ("", "1.0.0", "unreadable"),
        ("1.2.3", "1.2.٤", "unreadable"),
        ("1.2.3", "1.2.4\n", "unreadable"),
    ],
)
def test_d25_kinds_of_steps(before, after, kind):
    assert kind_of(before, after) == kind


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(1, 10**6))
def test_d25_only_a_raised_third_part_is_a_patch(major, minor, patch, more):
    before = f"{major}.{minor}.{patch}"
    assert kind_of(before, f"{major}.{minor}.{patch + more}") == ("major" if major == minor == 0 else "patch")
    assert kind_of(before, f"{major}.{minor + more}.{patch}") in ("minor", "major")
    assert kind_of(before, f"{major + more}.{minor}.{patch}") == "major"
    assert kind_of(f"{major}.{minor}.{patch + more}", before) == "back"


@given(st.text(max_size=30), st.text(max_size=30))
def test_d25_any_two_texts_are_judged_and_a_patch_is_two_plain_versions(before, after):
    if kind_of(before, after) == "patch":
        assert all(text.isascii() and text.lstrip("v").replace(".", "").isdigit() for text in (before, after))


def patch_level(found):
    """Everything was read, and each bump raises the last part of a version only."""
    return found.from_diff > 0 and not found.unread and all(bump.kind == "patch" for bump in found.bumps)


@given(st.text(max_size=300), st.lists(st.builds(ChangedFile, name=st.text(max_size=20), patch=st.text(max_size=200))))
def test_d25_no_text_breaks_the_reading(text, files):
    found = assess(text, text, files)
    assert patch_level(found) == (not found.objections)


@given(st.text(alphabet='-+ @\n"=.0123456789abcv', max_size=200))
def test_d25_a_diff_that_is_read_changes_versions_only(patch):
    """Whatever the lines are: if the reading is content, taking the digits away leaves the same lines."""
    bumps, unread = read_file(ChangedFile(name="Cargo.toml", patch=patch))
    if unread or not bumps:
        return
    gone = [line[1:] for line in patch.split("\n") if line.startswith("-") and line[1:].strip()]
    come = [line[1:] for line in patch.split("\n") if line.startswith("+") and line[1:].strip()]
    assert len(gone) == len(come)


@pytest.mark.parametrize(
    ("text", "name", "before", "after"),
    [
        ("Bump serde from 1.0.1 to 1.0.2", "serde", "1.0.1", "1.0.2"),
        ("chore(deps): bump [serde](https://x.example/serde) from 1.0.1 to 1.0.2.", "serde", "1.0.1", "1.0.2"),
        ("Updates `requests` from 2.31.0 to 2.31.1", "requests", "2.31.0", "2.31.1"),
        ("- serde 1.0.1 → 1.0.2", "serde", "1.0.1", "1.0.2"),
        ("    Updating serde v1.0.1 -> v1.0.2", "serde", "v1.0.1", "v1.0.2"),
        ("| [serde](https://x.example) | dependencies | patch | `1.0.1` -> `1.0.2` |", "serde", "1.0.1", "1.0.2"),
        ("| serde | 1.0.1 | 1.0.2 |", "serde", "1.0.1", "1.0.2"),
        ("* @types/node: 20.1.0 => 20.1.1", "@types/node", "20.1.0", "20.1.1"),
    ],
)
def test_d24_the_ways_in_which_tools_tell_of_a_bump(text, name, before, after):
    assert read_words(text) == ((Bump(name=name, before=before, after=after),), ())


@pytest.mark.parametrize("text", ["foo abc → def", "Adding new-crate v1.0.0", "foo 1.2.3 -> the newest", "x -> y"])
def test_d25_words_that_look_like_a_bump_and_are_none_are_unread(text):
    assert read_words(text)[1]


@pytest.mark.parametrize(
    ("name", "patch", "bump"),
    [
        ("Cargo.lock", LOCK, Bump(name="serde", before="1.0.201", after="1.0.203")),
        ("rs/cli/Cargo.toml", TOML, Bump(name="serde", before="1.0.201", after="1.0.203")),
        ("requirements.txt", PIP, Bump(name="requests", before="2.31.0", after="2.31.1")),
        ("package.json", NPM, Bump(name="left-pad", before="1.3.0", after="1.3.1")),
    ],
)
def test_d25_a_diff_of_versions_alone_is_read(name, patch, bump):
    assert read_file(ChangedFile(name=name, patch=patch)) == ((bump,), ())
    assert not assess("chore: Update dependencies", "", [ChangedFile(name=name, patch=patch)]).objections


@pytest.mark.parametrize(
    "file",
    [
        ChangedFile(name="src/main.rs", patch='@@ -1 +1 @@\n-let v = "1.0.1";\n+let v = "1.0.2";\n'),
        ChangedFile(name=".github/workflows/ci.yaml", patch="@@ -1 +1 @@\n-  uses: a/b@v1.0.1\n+  uses: a/b@v1.0.2\n"),
        ChangedFile(name="Cargo.lock", patch=None),
        ChangedFile(name="Cargo.lock", patch=LOCK, status="added"),
        ChangedFile(name="Cargo.toml", patch='@@ -1 +1,2 @@\n-a = "1.0.1"\n+a = "1.0.2"\n+evil = "1.0.0"\n'),
        ChangedFile(name="Cargo.toml", patch='@@ -1 +1 @@\n-a = "1.0.1"\n+b = "1.0.2"\n'),
        ChangedFile(name="Cargo.toml", patch='@@ -1 +1 @@\n-a = "^1.0.1"\n+a = ">=1.0.2"\n'),
        ChangedFile(
            name="Cargo.toml", patch='@@ -1 +1 @@\n-a = "1.0.1"\n+a = { git = "https://evil.example", tag = "1.0.2" }\n'
        ),
        ChangedFile(name="Cargo.lock", patch='@@ -1 +1 @@\n-source = "git+ssh://a#1"\n+source = "git+ssh://b#2"\n'),
        ChangedFile(
            name="package-lock.json",
            patch='@@ -1 +1 @@\n-"resolved": "https://a/x-1.0.1.crate"\n+"resolved": "https://b/x-1.0.2.crate"\n',
        ),
        ChangedFile(name="requirements.txt", patch="@@ -1 +0,0 @@\n-requests==2.31.0\n"),
        ChangedFile(name="Cargo.lock", patch=HASH),
        lock("1.0.1", "1.1.0"),
        lock("1.0.1", "1.0.2-rc.1"),
        lock("1.0.1", "1.0.2.dev0"),
        lock("1.0.2", "1.0.1"),
    ],
)
def test_d25_a_diff_that_is_more_than_a_patch_or_not_understood_is_not_patch_level(file):
    found = assess("Bump a from 1.0.1 to 1.0.2", "", [lock("1.0.1", "1.0.2"), file])
    assert not patch_level(found)
    assert found.objections


def test_d25_the_words_alone_prove_nothing_and_can_only_object():
    assert assess("Bump a from 1.0.1 to 1.0.2", "", []).objections
    assert assess("Bump a from 1.0.1 to 2.0.0", "", [lock("1.0.1", "1.0.2")]).objections
    assert not assess("Bump a from 1.0.1 to 1.0.2", "", [lock("1.0.1", "1.0.2")]).objections


def test_d25_too_many_files_are_not_read():
    assert assess("", "", [lock("1.0.1", "1.0.2")] * 301).objections


def test_d25_the_policy_never_asks_whatever_the_diff_says():
    found = assess("", "", [lock("1.0.1", "1.0.2")])
    assert objections("patch", found, GREEN) == ()
    assert objections("never", found, GREEN)
    assert objections("patch", Assessment(), GREEN)


@pytest.mark.parametrize(
    "condition",
    [
        Condition(checks="red", failing=("build",)),
        Condition(checks="pending"),
        Condition(checks="absent"),
        Condition(checks="unreadable"),
        Condition(checks="green", draft=True),
        Condition(checks="green", conflict=True),
    ],
)
def test_d25_nobodys_word_stands_in_for_green_checks(condition):
    found = assess("", "", [lock("1.0.1", "1.0.2")])
    assert objections("patch", found, condition)
    assert objections("patch", found, condition.model_copy(update={"approved_by": "anouk"}))


def test_d25_a_persons_word_stands_in_for_policy_and_patch_level():
    big = assess("", "", [lock("1.0.1", "2.0.0")])
    mended = Condition(checks="green", tampered=("anouk",))
    assert objections("patch", big, mended)
    assert objections("never", big, mended.model_copy(update={"approved_by": "anouk"})) == ()


def test_d24_the_summary_names_the_largest_steps_first_and_is_cut():
    files = [lock("1.0.1", f"1.0.{number}") for number in range(2, 40)] + [lock("1.0.1", "2.0.0")]
    lines = summary(assess("", "", files))
    assert lines[0] == "serde 1.0.1 → 2.0.0 (major)"
    assert lines[-1] == "and 19 more"
