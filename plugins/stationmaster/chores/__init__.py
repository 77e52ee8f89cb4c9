"""Chores: opened by schedule or on request, asked of whoever is on call, closed with what shows that they were done."""
