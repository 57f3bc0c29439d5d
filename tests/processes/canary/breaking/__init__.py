"""Breaks what a header, or a file in the data folder, asks to be broken; each error has words of the case in it."""
