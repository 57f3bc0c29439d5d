"""Cases that stand on the agenda of a meeting that is not closed: each has a day on which it will be looked at."""

from django.db.models import QuerySet

from board.models import AgendaItem, Meeting


def listings() -> QuerySet[AgendaItem]:
    return AgendaItem.objects.filter(state=AgendaItem.State.LISTED, meeting__state__in=Meeting.OPEN)
