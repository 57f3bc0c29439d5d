"""Carries mails that a page must not wait for."""

from celery import shared_task

from patients.mailing import send_emergency_notice


@shared_task
def tell_of_emergency() -> None:
    send_emergency_notice()
