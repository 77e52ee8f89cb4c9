"""Rollouts over days: the plan that people write, its schedule, and what lets a batch go on. Pure."""
