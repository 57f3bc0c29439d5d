"""Charts that were read a moment ago: the views of a case on the screen are drawn from the same rows.

The key changes with every write to the case, ended job, rule set, release and day, so nothing old is ever shown.
"""

import datetime as dt
import threading
from collections import OrderedDict

from django.db.models import Max

from board.chart import Chart
from board.freshness import version_of
from patients.models import AuditEvent, Patient

MOST_KEPT = 12

_kept: OrderedDict[tuple, Chart] = OrderedDict()
_lock = threading.Lock()


def chart_of(patient: Patient, today: dt.date) -> Chart:
    newest = AuditEvent.objects.filter(patient=patient).aggregate(at=Max("at"))["at"]
    key = (patient.pk, version_of(patient), newest, today)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    chart = Chart(patient, today)
    with _lock:
        _kept[key] = chart
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return chart
