"""Joins the migrations that were written side by side for meetings."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("board", "0009_chain_and_triggers"),
        ("board", "0010_agenda_and_unsettled_change"),
    ]
    operations: list = []
