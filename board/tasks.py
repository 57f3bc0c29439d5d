"""What beat rings for: reading the news, and once a day every open decision."""

from celery import shared_task

from board import services


@shared_task
def read_news() -> None:
    """To the end of the trail, so that a load of many rows does not outrun one round."""
    while services.read_news():
        pass


@shared_task
def look_again_at_all() -> None:
    services.look_again_at_all()
