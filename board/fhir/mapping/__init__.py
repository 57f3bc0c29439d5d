"""From rows to resources (``to_*``) and back (``from_*``): no Django, no clock, no library."""
