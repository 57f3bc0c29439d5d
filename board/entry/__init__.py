"""The proforma: a case entered or completed on one page, kept as a draft until it is submitted."""
