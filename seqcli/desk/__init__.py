"""The only door for what changes the market: journal, submit, reconcile, policy, kill switch."""
