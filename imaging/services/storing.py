"""Series rows from parsed files. Two imports may bring the same series at once: unique rows and a retry decide.

One transaction per series: its study, its row, its objects, the outcome of every file and the job that computes it
are there together or not at all. The same SOP Instance UID with other content is held beside it, never overwritten.
"""

import json
import logging
import uuid
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date

from imaging import chart_questions, jobs, preamble, questions, sandbox, selectors, store
from imaging.assemble import AssembledSeries, Slice, assemble, doubt_about
from imaging.instances import FileRefusal, ParsedInstance
from imaging.models import Instance, Series, Study, Upload, UploadItem
from imaging.reasons import caution
from imaging.services import conflicts, doubts, latecomers
from imaging.services.identities import judge
from imaging.services.requests import request_attached, request_series
from imaging.services.studies import day_of, identity_of, series_of, study_of
from imaging.services.weights import note_weight

log = logging.getLogger("prrt.import")
CHUNK = 5000
ATTEMPTS = 8
PASSING = {"parser_timeout", "parser_crash", "memory_limit"}  # of a machine under load: the job tries again
FRAMES_DIFFER = "pet_ct_frames_differ"


@dataclass
class Arrival:
    """One parsed file and the rows of the upload that name it (equal files are parsed once)."""

    items: list[UploadItem]
    instance: ParsedInstance

    @property
    def sha256(self) -> str:
        return self.items[0].sha256


class _Overtaken(Exception):
    """Another import stored objects of this series meanwhile, or somebody put it into a chart: plan again."""


def store_series(
    upload: Upload,
    arrivals: list[Arrival],
    lease: jobs.Lease,
    *,
    hold: str = "",
    weights: frozenset[float] = frozenset(),
) -> list[uuid.UUID]:
    """Store what is new of one SeriesInstanceUID of one study and identity; returns the jobs to ring for.

    ``hold``: why nothing of it may reach a chart by itself, seen from the other files of this upload; ``weights``: the
    body weights that the series of its study state there.
    """
    for _ in range(ATTEMPTS):
        known = _known(arrivals)
        plan = _plan(arrivals, known)
        stored = _stored_slices(known, arrivals[0].instance) if plan.new else []
        held = _set_aside(plan, stored, upload)
        held += conflicts.hold(plan.conflicting, by=upload.by, lease=lease)
        assembled = _assemble(plan.new, stored)
        manifests = [store.put_bytes(json.dumps(part.manifest()).encode()).sha256 for part in assembled]
        try:
            with lease.effect():
                parts = list(zip(assembled, manifests, strict=True))
                UploadItem.objects.bulk_update(held, conflicts.FIELDS, batch_size=500)
                return _commit(upload, arrivals, plan, parts, known, hold=hold, weights=weights)
        except _Overtaken:
            continue
    raise RuntimeError("the series kept changing while it was stored")


@dataclass
class _Plan:
    new: list[Arrival]
    already: list[UploadItem]
    conflicting: list[conflicts.Conflict]


def _known(arrivals: list[Arrival]) -> dict[str, tuple[str, uuid.UUID]]:
    """SOP UID -> (hash, series) of what is stored under these UIDs, and of the rest of the same series."""
    first = arrivals[0].instance
    uids = [arrival.instance.sop_uid for arrival in arrivals]
    found: dict[str, tuple[str, uuid.UUID]] = {}
    for start in range(0, len(uids), CHUNK):
        found |= _hashes(Instance.objects.filter(sop_uid__in=uids[start : start + CHUNK]))
    own = Instance.objects.filter(
        series__series_uid=first.series_uid,
        series__study__study_uid=first.study_uid,
        series__study__identity_digest=identity_of(first).digest,
    )
    return found | _hashes(own)


def _hashes(rows) -> dict[str, tuple[str, uuid.UUID]]:
    return {sop_uid: (sha256, pk) for sop_uid, sha256, pk in rows.values_list("sop_uid", "sha256", "series_id")}


def _plan(arrivals: list[Arrival], known: dict[str, tuple[str, uuid.UUID]]) -> _Plan:
    """New, already here, or in conflict. Of equal files in one upload the first is new, the others already here."""
    plan = _Plan([], [], [])
    here = {sop_uid: sha256 for sop_uid, (sha256, _) in known.items()}
    for arrival in arrivals:
        sop_uid = arrival.instance.sop_uid
        if sop_uid not in here:
            here[sop_uid] = arrival.sha256
            plan.new.append(arrival)
            plan.already += arrival.items[1:]
        elif here[sop_uid] == arrival.sha256:
            plan.already += arrival.items
        else:
            series = known.get(sop_uid, (None, None))[1]
            plan.conflicting.append(conflicts.Conflict(arrival.items, here[sop_uid], series))
    return plan


def _set_aside(plan: _Plan, stored: list[Slice] | None, upload: Upload) -> list[UploadItem]:
    """What cannot or must not join the series that is here, taken out of the plan with all its copies."""
    if not plan.new or stored == []:
        return []
    here = series_of(plan.new[0].instance)
    of_all = None
    if latecomers.is_elsewhere(here, upload):
        of_all = latecomers.OTHER_CHART
    elif stored is None:
        of_all = latecomers.UNREADABLE
    is_in_chart = any(series.identity == Series.Identity.ATTACHED for series in here)
    prints = {instance.name_print for _, instance in stored or ()}
    looked_at = {doubt_about([instance]) for _, instance in stored or ()}

    def refusal_of(late: ParsedInstance) -> FileRefusal | None:
        if latecomers.is_called_otherwise(late.name_print, prints):
            return latecomers.OTHER_NAME
        return latecomers.UNSEEN if is_in_chart and latecomers.is_unseen(late, looked_at) else None

    joining, held = [], []
    for arrival in plan.new:
        if refusal := of_all or refusal_of(arrival.instance):
            held += latecomers.hold(arrival.items, refusal)
        else:
            joining.append(arrival)
    out = {item.pk for item in held}
    plan.new, plan.already = joining, [item for item in plan.already if item.pk not in out]
    return held


def _assemble(new: list[Arrival], stored: list[Slice] | None) -> list[AssembledSeries]:
    """The series as they are with the new objects; parts that got nothing new are left out."""
    if not new:
        return []
    slices = [(arrival.sha256, arrival.instance) for arrival in new]
    added = {arrival.instance.sop_uid for arrival in new}
    return [part for part in assemble([*(stored or ()), *slices]) if any(i.sop_uid in added for _, i in _all(part))]


def _all(part: AssembledSeries) -> list[Slice]:
    return [*part.slices, *part.repeated]


def _stored_slices(known: dict, first: ParsedInstance) -> list[Slice] | None:
    """Late slices join what is stored: its files are parsed again, each still in the sandbox.

    None where one can no longer be read: damaged, or of a time when less was asked of a file.
    """
    warned = series_of(first).values_list("pk", "warnings")
    had_preamble = {pk: preamble.CODE in {one["code"] for one in said} for pk, said in warned}
    stored = [(sha256, series) for sha256, series in known.values() if series in had_preamble]
    parsed = sandbox.parse_files([store.path(sha256) for sha256, _ in stored])
    slices = []
    for (sha256, series), result in zip(stored, parsed, strict=True):
        if isinstance(result, FileRefusal):
            if result.code in PASSING:
                raise RuntimeError(f"a stored object could not be read ({result.code})")
            log.warning("series %s: a stored object can no longer be read (%s)", series, result.code)
            return None
        slices.append((sha256, replace(result, has_preamble=had_preamble[series])))
    return slices


def _commit(
    upload: Upload, arrivals, plan: _Plan, parts, known, *, hold: str, weights: frozenset[float]
) -> list[uuid.UUID]:
    study = study_of(arrivals[0].instance) if parts else None
    if _known(arrivals) != known:
        raise _Overtaken
    items = {arrival.instance.sop_uid: arrival.items[0] for arrival in plan.new}
    followers, outcomes = [], []
    for part, manifest in parts:
        series = _upsert(study, part, manifest, upload.by, weights)
        fresh = [(sha256, i) for sha256, i in _all(part) if i.sop_uid in items]
        if latecomers.is_elsewhere([series], upload) or _is_unseen(series, part, items):
            raise _Overtaken
        Instance.objects.bulk_create(
            [Instance(series=series, sop_uid=i.sop_uid, sha256=sha256, size=i.size) for sha256, i in fresh],
            batch_size=500,
        )
        series = judge(by=upload.by, series=series, patient=upload.patient, hold=hold or part.hold)
        note_weight(series, is_revised=True)
        followers.append(request_series(series=series, by=upload.by).pk)
        repeated = {i.sop_uid for _, i in part.repeated}
        outcomes += [_outcome(items[i.sop_uid], series, i.sop_uid in repeated) for _, i in fresh]
    if study is not None:
        _compare_frames(study)
    outcomes += _touch_known(upload, arrivals, plan, known, followers)
    UploadItem.objects.bulk_update(outcomes, ["outcome", "reason_code", "series"], batch_size=500)
    return followers


def _is_unseen(series: Series, part: AssembledSeries, fresh: Container[str]) -> bool:
    """Somebody put the series into a chart, and has not seen what a person has to look at."""
    if series.identity != Series.Identity.ATTACHED:
        return False
    stored = {doubt_about([i]) for _, i in _all(part) if i.sop_uid not in fresh}
    return any(latecomers.is_unseen(i, stored) for _, i in _all(part) if i.sop_uid in fresh)


def _upsert(study: Study, part: AssembledSeries, manifest: str, by, weights: frozenset[float]) -> Series:
    """A new row, or the next revision of the one that got late slices: all computed from it is then out of date.

    Slices that only repeat others make no revision.
    """
    asked = questions.raised_by(part, weights | _weights_of_others(study, part))
    values = {
        "modality": part.first.modality,
        "sop_class_uid": part.first.sop_class_uid,
        "frame_of_reference_uid": part.first.frame_of_reference_uid,
        "series_date": _acquired_on(part),
        "tracer": part.tracer,
        "units": part.first.units[:8],
        "instance_count": len(part.slices),
        "header": part.header | {"questions": asked},
        "name_print": part.name_print,
        "manifest_sha256": manifest,
        "volume_sha256": "",
        "geometry": part.geometry_json,
        "warnings": [asdict(warning) for warning in part.warnings],
        "refusal_code": part.refusal.code if part.refusal else "",
        "refusal_message": part.refusal.message[:300] if part.refusal else "",
    }
    series, created = Series.objects.select_for_update().get_or_create(
        study=study,
        series_uid=part.series_uid,
        split_key=part.split_key,
        defaults=values | {"uploaded_by": by},
    )
    if not created and series.manifest_sha256 != manifest:
        values["header"] = questions.carried_over(values["header"], series.header.get("answered", []))
        values["header"] = doubts.with_kept(values["header"], doubts.kept(series))
        values["header"] = chart_questions.carried_over(values["header"], series.header)
        for name, value in values.items():
            setattr(series, name, value)
        series.revision += 1
        series.save(update_fields=[*values, "revision"])
    return series


def _weights_of_others(study: Study, part: AssembledSeries) -> frozenset[float]:
    others = Series.objects.filter(study=study).exclude(series_uid=part.series_uid)
    headers = others.exclude(identity=Series.Identity.REJECTED).values_list("header", flat=True)
    return frozenset(filter(None, (header.get("body_weight_kg") for header in headers)))


def _compare_frames(study: Study) -> None:
    """A PET says so where its study has CT and none of it on the frame of the PET, in whatever order they came."""
    frames = set(Series.objects.filter(study=study, modality="CT").values_list("frame_of_reference_uid", flat=True))
    for pet in Series.objects.filter(study=study, modality="PT").exclude(frame_of_reference_uid=""):
        found = [warning for warning in pet.warnings if warning["code"] != FRAMES_DIFFER]
        if frames and pet.frame_of_reference_uid not in frames:
            found.append(asdict(caution(FRAMES_DIFFER)))
        if found != pet.warnings:
            pet.warnings = found
            pet.save(update_fields=["warnings"])


def _touch_known(upload: Upload, arrivals, plan: _Plan, known, followers) -> list[UploadItem]:
    """Files that were here already: their series may now be given the case, or its failed job another try."""
    repeated = {item.pk for item in plan.already}
    outcomes, touched = [], {}
    for arrival in arrivals:
        pk = known.get(arrival.instance.sop_uid, (None, None))[1]
        for item in arrival.items:
            if item.pk not in repeated:
                continue
            item.outcome, item.reason_code = UploadItem.Outcome.ALREADY, ""
            if pk is not None and pk not in touched:
                touched[pk] = judge(by=upload.by, series=Series.objects.get(pk=pk), patient=upload.patient)
            item.series = touched.get(pk) or arrival.items[0].series
            outcomes.append(item)
    for series in touched.values():
        followers += [job.pk for job in request_attached(series=series, by=upload.by)]
        if selectors.has_failed(series):
            followers.append(request_series(series=series, by=upload.by).pk)
    return outcomes


def _outcome(item: UploadItem, series: Series, is_repeated: bool) -> UploadItem:
    is_held = series.identity == Series.Identity.HELD
    item.outcome = UploadItem.Outcome.HELD if is_held else UploadItem.Outcome.STORED
    item.reason_code = series.identity_reason if is_held else "slice_repeated" if is_repeated else ""
    item.series = series
    return item


def _acquired_on(part: AssembledSeries) -> date | None:
    """The day of acquisition; of the series or study where the header has no other."""
    moments: Iterable[str] = (instance.acquired_at for _, instance in part.slices)
    earliest = min((moment for moment in moments if moment), default="")
    return day_of(earliest[:10]) or day_of(part.first.series_at[:10]) or day_of(part.first.study_date)
