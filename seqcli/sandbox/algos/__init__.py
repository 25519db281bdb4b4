"""Algorithms: what is deployed, what runs, and what it would have done in the past."""
