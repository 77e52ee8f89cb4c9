"""Fifty channels stay within Slack's published tiers, and every question is found (issue 5)."""

from __future__ import annotations

from stationmaster.config.loader import load
from stationmaster.hooks import chat_budget
from stationmaster.rehearsal.bench_watch import CHANNELS, SLOWEST, TIER_3, measure
from tests.rehearsal.good_week import INCLUDE


def test_f60_fifty_channels_stay_within_slacks_tier_and_none_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(chat_budget, "_BUDGETS", {})
    found = measure(tmp_path, load(INCLUDE, ["cellxgene"]).team("cellxgene"), looks=16)
    assert found.channels == CHANNELS
    assert found.tagged == found.asked
    assert found.limited == 0
    assert found.most <= TIER_3
    assert found.slowest <= SLOWEST


def test_f60_without_the_budget_slack_would_refuse(tmp_path, monkeypatch):
    """The measure can fail: a budget above the tier is answered with 429."""
    monkeypatch.setattr(chat_budget, "_BUDGETS", {})
    monkeypatch.setattr("stationmaster.watches.hearing.HISTORY_A_MINUTE", 1000)
    found = measure(tmp_path, load(INCLUDE, ["cellxgene"]).team("cellxgene"), channels=70, looks=3)
    assert found.limited > 0
