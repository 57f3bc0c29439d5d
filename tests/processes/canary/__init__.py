"""A case of which every word is one of a kind, taken through real processes: what they write, send and leave behind."""
