"""What each figure means: green, amber or red, in words that say what to do. Pure: figures in, sentences out."""

from dataclasses import dataclass

from config.health_reading import Health

GREEN, AMBER, RED = "green", "amber", "red"
WORDS = {GREEN: "Good", AMBER: "Look at it", RED: "Act now"}
MINUTE, HOUR, DAY = 60, 3600, 86400
WAITS, WAITS_LONG = 2 * MINUTE, 15 * MINUTE
BACKUP_OLD, BACKUP_TOO_OLD = 26 * HOUR, 7 * DAY
STORE_OLD, STORE_FULL_OLD, STORE_OPEN_LONG = 30 * HOUR, 8 * DAY, HOUR


@dataclass(frozen=True)
class Light:
    """``name`` is the same from release to release, for programs that watch."""

    name: str
    title: str
    colour: str
    sentence: str

    @property
    def word(self) -> str:
        return WORDS[self.colour]


def lights(health: Health) -> list[Light]:
    made = (_database, _queue, _leases, _failures, _workers, _beat, _disk, _files, _backup, _signed, _anchor, _night)
    return [one(health) for one in made]


STORAGE, WORK = ("disk", "files", "backup", "database"), ("queue", "leases", "failures", "workers", "beat")


def grouped(found: list[Light]) -> dict[str, list[Light]]:
    """For the home page of who keeps the installation: storage, work in the background, and all others."""
    of_none = [one.name for one in found if one.name not in STORAGE + WORK]
    groups = {"storage": STORAGE, "work": WORK, "others": of_none}
    return {group: [one for one in found if one.name in names] for group, names in groups.items()}


def worst(found: list[Light]) -> str:
    return next((colour for colour in (RED, AMBER) if any(one.colour == colour for one in found)), GREEN)


def ago(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for size, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {word}{'s' if number > 1 else ''} ago"
    return "less than a minute ago"


def lasting(seconds: float) -> str:
    return "less than a minute" if seconds < MINUTE else ago(seconds).removesuffix(" ago")


def _database(h: Health) -> Light:
    if h.migrations_waiting:
        said = f"{h.migrations_waiting} changes of the tables are waiting. Run manage.py migrate."
        return Light("database", "Database", RED, said)
    return Light("database", "Database", GREEN, f"Answers; {h.engine}, tables up to date.")


def _queue(h: Health) -> Light:
    if not h.jobs_waiting or h.oldest_waiting_s is None:
        return Light("queue", "Waiting work", GREEN, f"Nothing waits; {h.jobs_running} running.")
    said = f"{h.jobs_waiting} waiting, the oldest for {lasting(h.oldest_waiting_s)}; {h.jobs_running} running."
    colour = RED if h.oldest_waiting_s > WAITS_LONG else AMBER if h.oldest_waiting_s > WAITS else GREEN
    return Light("queue", "Waiting work", colour, said if colour == GREEN else f"{said} Is a worker running?")


def _leases(h: Health) -> Light:
    if h.oldest_lease_overdue_s is None or h.oldest_lease_overdue_s < MINUTE:
        return Light("leases", "Work in hand", GREEN, "Every running job is kept alive by its worker.")
    said = f"A job lost its worker and nobody took it up for {lasting(h.oldest_lease_overdue_s)}. Restart the workers."
    return Light("leases", "Work in hand", RED, said)


def _failures(h: Health) -> Light:
    if not h.jobs_failed_day:
        return Light("failures", "Failed work", GREEN, "No job failed in the last day.")
    number = f"{h.jobs_failed_day} job{'s' if h.jobs_failed_day > 1 else ''} failed in the last day."
    return Light("failures", "Failed work", AMBER, f"{number} Each says why on the page of its case.")


def _workers(h: Health) -> Light:
    if not h.workers:
        said = "No worker has been heard in the last minute: imports and measurements wait. Start one."
        return Light("workers", "Workers", RED, said)
    said = f"{h.workers} alive."
    if h.workers_silent:
        return Light("workers", "Workers", AMBER, f"{said} {h.workers_silent} fell silent without ending properly.")
    return Light("workers", "Workers", GREEN, said)


def _beat(h: Health) -> Light:
    if h.beat_s is None or h.beat_s > 3 * MINUTE:
        heard = "Never heard." if h.beat_s is None else f"Last heard {ago(h.beat_s)}."
        said = f"{heard} Workers go on, but nothing is looked at by night. Start beat."
        return Light("beat", "Beat", AMBER, said)
    return Light("beat", "Beat", GREEN, f"Heard {ago(h.beat_s)}.")


def _disk(h: Health) -> Light:
    said = f"{h.disk_used_percent:.0f} % used, {h.disk_free_gb:.0f} GB free."
    if h.disk_used_percent >= 90:
        return Light("disk", "Disk of the data", RED, f"{said} Make room: imports will soon be refused.")
    if h.disk_used_percent >= 80:
        return Light("disk", "Disk of the data", AMBER, f"{said} Plan for more room.")
    return Light("disk", "Disk of the data", GREEN, said)


def _files(h: Health) -> Light:
    title = "Stored files"
    if h.store_wrong:
        said = (
            f"{h.store_wrong} missing or damaged. Run manage.py storage_check --full, restore them and run it again: "
            "each stays here until it was read and is whole."
        )
        return Light("files", title, RED, said)
    checked = f"Last compared with the database: {ago(h.store_s)}. Last read whole: {ago(h.store_full_s)}."
    if h.store_open_s is not None and h.store_open_s > STORE_OPEN_LONG:
        said = (
            f"A check begun {ago(h.store_open_s)} has not ended: it still runs, or was cut off and is to be run again."
        )
        return Light("files", title, AMBER, f"{said} {checked}")
    if h.store_s is None or h.store_s > STORE_OLD:
        return Light("files", title, AMBER, f"{checked} Run manage.py storage_check.")
    if h.store_full_s is None or h.store_full_s > STORE_FULL_OLD:
        return Light("files", title, AMBER, f"{checked} Run manage.py storage_check --full once a week.")
    return Light("files", title, GREEN, f"{h.store_files} files. {checked}")


def _backup(h: Health) -> Light:
    if h.backup_s is None:
        return Light("backup", "Backup", RED, "None was ever made. Run manage.py backup every night.")
    colour = RED if h.backup_s > BACKUP_TOO_OLD else AMBER if h.backup_s > BACKUP_OLD else GREEN
    return Light("backup", "Backup", colour, f"The last one was made {ago(h.backup_s)}.")


def _signed(h: Health) -> Light:
    if not h.head_holds:
        said = "The end of the chain is not where it was left. Nothing can be signed. Run manage.py verify_chain."
        return Light("signed", "What was signed", RED, said)
    return Light("signed", "What was signed", GREEN, f"{h.signed} links, the newest {ago(h.signed_s)}.")


def _anchor(h: Health) -> Light:
    title = "Anchor outside the database"
    if h.anchor_problems:
        said = "The database differs from what was anchored. Do not sign. manage.py verify_chain says where."
        return Light("anchor", title, RED, said)
    if h.anchor_missing:
        said = f"The database ends {h.anchor_missing} entries before what was anchored: an older copy is in use."
        return Light("anchor", title, RED, f"{said} Do not sign. manage.py verify_chain says which are missing.")
    if not h.anchor_kept:
        said = "Kept beside the data only, and lost or put back together with them. Set PRRT_ANCHOR_FILE."
        return Light("anchor", title, AMBER, said)
    return Light("anchor", title, GREEN, f"Agrees with the database; last moved {ago(h.anchor_s)}.")


def _night(h: Health) -> Light:
    if h.night_sentence:
        return Light("night", "Nightly look at all cases", AMBER, h.night_sentence)
    return Light("night", "Nightly look at all cases", GREEN, "Every case was looked at.")
