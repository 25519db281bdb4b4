"""Prediction markets as a function of a seed: what is listed at any instant, at which price, and who wins."""
