"""Tables that come in: read within limits, tried, taken over in one transaction, and taken back."""
