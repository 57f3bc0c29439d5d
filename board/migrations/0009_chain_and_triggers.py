"""Decisions from before the chain get their links; from then on the database refuses to change what was signed."""

from django.db import migrations, models
from django.utils import timezone

from board.append_only import protect, unprotect
from board.chain_content import content_of, link_content
from board.domain.sealed import hash_of

EDITION = 1


def seal(apps, schema_editor):
    """In the order they were recorded, under the time of today: of the time before, the chain can say nothing."""
    Link, previous, sequence = apps.get_model('board', 'ChainLink'), '', 0
    decisions = apps.get_model('board', 'BoardDecision').objects.order_by('recorded_at', 'pk')
    for sequence, decision in enumerate(decisions.prefetch_related('assessments').iterator(200), start=1):
        link = Link(
            sequence=sequence,
            kind='decision',
            object_id=decision.pk,
            edition=EDITION,
            content_hash=hash_of(content_of('decision', decision, EDITION)),
            previous_hash=previous,
            signed_at=timezone.now(),
            signed_by_id=decision.recorded_by_id,
        )
        link.hash = previous = hash_of(link_content(link))
        link.save(force_insert=True)
    apps.get_model('board', 'ChainHead').objects.create(pk=1, sequence=sequence, hash=previous)


def unseal(apps, schema_editor):
    apps.get_model('board', 'ChainLink').objects.all().delete()
    apps.get_model('board', 'ChainHead').objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('board', '0008_meetings_displays_and_the_chain'),
        ('eligibility', '0002_change_verdicts'),
    ]

    operations = [
        migrations.AddField(
            model_name='chainlink',
            name='edition',
            field=models.PositiveSmallIntegerField(default=1, help_text='Of the list of columns that it seals.'),
        ),
        migrations.RunPython(seal, unseal),
        migrations.RunPython(lambda apps, schema_editor: protect(), lambda apps, schema_editor: unprotect()),
    ]
