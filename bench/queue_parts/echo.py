"""The limit: a process that moves a word from one list to another, nothing else."""

import os

import redis


def main() -> None:
    server = redis.Redis(unix_socket_path=os.environ["BENCH_SOCKET"])
    while True:
        _, word = server.brpop("bench:question")
        server.lpush("bench:answer:bare", word)


if __name__ == "__main__":
    main()
