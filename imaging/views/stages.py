"""The stages of an import in words and counts: received, read, stored, SUV, measured."""

from imaging import selectors
from imaging.jobs import NO_ROOM
from imaging.models import Job, Upload, UploadItem

ICONS = {"done": "met", "running": "clock", "waiting": "unknown", "later": "inactive", "failed": "not-met"}
LABELS = {
    "received": "Received",
    "read": "Read",
    "stored": "Stored",
    "suv": "SUV and volume",
    "measured": "Measured",
}
BEFORE_STORING = {"", "opening archives", "reading files"}  # stages of the import job; then "storing series"


def rows(upload: Upload, found: dict) -> list[dict]:
    stages = [_received(upload, found), _read(found), _stored(found), _suv(found), _measured(found)]
    return [
        {"id": stage_id, "label": LABELS[stage_id], "state": state, "icon": ICONS[state], "text": text}
        for stage_id, (state, text) in zip(LABELS, stages, strict=True)
    ]


def percent(stage_rows: list[dict]) -> int:
    """How many of the stages are behind us; a running one counts half."""
    worth = {"done": 1.0, "failed": 1.0, "later": 1.0, "running": 0.5}
    return int(100 * sum(worth.get(row["state"], 0) for row in stage_rows) / len(stage_rows))


def sentence(upload: Upload, found: dict, stage_rows: list[dict]) -> str:
    if found["is_finished"]:
        return _summary(upload, found)
    if waits := _without_room([found["job"], *(series["job"] for series in found["series"])]):
        return waits
    running = [row for row in stage_rows if row["state"] == "running"]
    if running:
        return f"{running[-1]['label']}: {running[-1]['text']}"
    return "Waiting for a worker. You may leave this page; the import goes on."


def _without_room(jobs: list[dict | None]) -> str:
    return next((job["message"] for job in jobs if job and job["reason_code"] == NO_ROOM), "")


def _summary(upload: Upload, found: dict) -> str:
    files = found["files"]
    if upload.state == Upload.State.FAILED:
        return "The import stopped. What had been stored is safe."
    words = {
        UploadItem.Outcome.STORED: "stored",
        UploadItem.Outcome.HELD: "held",
        UploadItem.Outcome.ALREADY: "already here",
        UploadItem.Outcome.REFUSED: "refused",
    }
    parts = [f"{files[outcome]} {word}" for outcome, word in words.items() if files.get(outcome)]
    return f"Import finished: {', '.join(parts) or 'no files'}."


def _received(upload: Upload, found: dict) -> tuple[str, str]:
    text = f"{found['file_count']} files"
    return ("running", f"{text} so far") if upload.state == Upload.State.RECEIVING else ("done", text)


def _read(found: dict) -> tuple[str, str]:
    job = found["job"]
    if job is None or job["state"] == Job.State.QUEUED:
        return "waiting", "waiting"
    if job["state"] == Job.State.RUNNING and job["stage"] in BEFORE_STORING:
        return "running", _of(job, "files")
    if job["state"] in Job.WITHOUT_RESULT and not any(found["series"]):
        return "failed", "failed"
    return "done", f"{found['file_count']} files"


def _stored(found: dict) -> tuple[str, str]:
    job = found["job"]
    if job is None or job["state"] == Job.State.QUEUED:
        return "waiting", "waiting"
    if job["state"] in Job.WITHOUT_RESULT:
        return "failed", "failed"
    if job["state"] == Job.State.RUNNING:
        return ("waiting", "waiting") if job["stage"] in BEFORE_STORING else ("running", _of(job, "series"))
    kept = sum(found["files"].get(outcome, 0) for outcome in ("stored", "held", "already"))
    return "done", f"{kept} of {found['file_count']} files"


def _suv(found: dict) -> tuple[str, str]:
    pets = [row for row in found["series"] if row["modality"] == "PT"]
    if not _is_over(found["job"]):
        return "waiting", "waiting"
    if not pets:
        return "done", "no PET series"
    settled = {selectors.CURRENT, selectors.REFUSED, selectors.FAILED}
    done = [row for row in pets if row["suv_state"] in settled]
    good = sum(row["suv_state"] == selectors.CURRENT and not row["refusal_code"] for row in pets)
    if len(done) < len(pets):
        return "running", f"{len(done)} of {len(pets)} PET series"
    state = "done" if good == len(pets) else "failed"
    return state, f"{good} of {len(pets)} PET series"


def _measured(found: dict) -> tuple[str, str]:
    if not found["is_finished"]:
        return "waiting", "waiting"
    return "later", "follows when volumes of interest are placed"


def _is_over(job: dict | None) -> bool:
    return job is not None and job["state"] not in Job.OPEN


def _of(job: dict, what: str) -> str:
    return f"{job['done']} of {job['total']} {what}" if job["total"] else job["stage"] or "starting"
