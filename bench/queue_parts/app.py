"""The product's Celery application with one more task, which answers; for the worker of the queue benchmark."""

import os

import redis

from config.celery import app

__all__ = ["app", "echo_by_task"]

_reply = redis.Redis(unix_socket_path=os.environ["BENCH_SOCKET"])


@app.task
def echo_by_task(word: str) -> None:
    _reply.lpush("bench:answer:task", word)
