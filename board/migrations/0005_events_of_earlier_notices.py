"""Notices made before events existed get theirs: one for each patient and day (UTC), worst first."""

from types import SimpleNamespace

from django.db import migrations

from board.domain.severity import severity


def make_events(apps, schema_editor):
    notices = apps.get_model("board", "DecisionNotice")
    events = apps.get_model("board", "DayNotice")
    for notice in notices.objects.filter(event=None).select_related("decision").order_by("noticed_at"):
        patient, day = notice.decision.patient_id, notice.noticed_at.date()
        event = events.objects.filter(patient_id=patient, day=day).first() or events(
            patient_id=patient, day=day, first_at=notice.noticed_at, lines=[]
        )
        lines = {(line["decision"], line["guideline_id"], line["row_id"]): line for line in event.lines}
        for change in notice.changes:
            line = {name: change[name] for name in ("guideline_id", "row_id", "text", "cause")}
            line |= {"decision": str(notice.decision_id), "severity": int(severity(SimpleNamespace(**change)))}
            lines[line["decision"], line["guideline_id"], line["row_id"]] = line
        event.lines = sorted(lines.values(), key=lambda line: line["severity"])
        event.severity = event.lines[0]["severity"] if event.lines else 3
        event.decision_id = event.lines[0]["decision"] if event.lines else notice.decision_id
        event.last_at = notice.noticed_at
        event.save()
        notices.objects.filter(pk=notice.pk).update(event=event)


class Migration(migrations.Migration):
    dependencies = [("board", "0004_watch_and_closing")]
    operations = [migrations.RunPython(make_events, migrations.RunPython.noop)]
