"""Where a number on the patient page comes from, link by link, back to the file or the person who entered it."""
