"""``case_number__prefix``: what begins with a text, found through the index on either database.

Django's ``startswith`` becomes LIKE with ESCAPE, which SQLite answers by reading the whole table.
"""

from django.db.models import CharField
from django.db.models.lookups import StartsWith

HIGHEST = "\U0010ffff"


@CharField.register_lookup
class Prefix(StartsWith):
    lookup_name = "prefix"

    def as_sqlite(self, compiler, connection):
        """Text is compared byte by byte there, so a prefix is a range."""
        column, column_parameters = self.process_lhs(compiler, connection)
        text = str(self.rhs)
        bounds = [*column_parameters, text, *column_parameters, text + HIGHEST]
        return f"({column} >= %s AND {column} < %s)", bounds

    def get_rhs_op(self, connection, rhs):
        return connection.operators["startswith"] % rhs
