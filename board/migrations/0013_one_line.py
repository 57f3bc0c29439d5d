from django.db import migrations


class Migration(migrations.Migration):
    """Brings the migrations of one release into one line again."""

    dependencies = [
        ("board", "0009_chain_and_triggers"),
        ("board", "0010_agenda_and_unsettled_change"),
    ]

    operations = []
