"""What beat rings for: sealing the trail every minute. And mails that a page must not wait for."""

from celery import shared_task

from patients import trail_seals
from patients.mailing import send_emergency_notice


@shared_task
def seal_trail() -> None:
    trail_seals.seal_all()


@shared_task
def tell_of_emergency() -> None:
    send_emergency_notice()
