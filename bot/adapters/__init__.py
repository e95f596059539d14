"""One third-party door each; library types stop here."""
