"""Pictures of a scan, made once by a worker: rotating MIP, key slices at each lesion, volumes for a viewer."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from imaging import compact, digests, jobs, products, selectors, store
from imaging.domain.errors import ImagingRefusal
from imaging.domain.field_of_view import FieldOfView
from imaging.domain.keyslices import key_slices
from imaging.domain.mip import around_body, rotating_mip
from imaging.domain.scratch import Scratch
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume
from imaging.models import ImageProduct, Lesion, Scan, SuvResult, Voi
from imaging.products import Product
from imaging.services.voxels import mask_of

Kind = ImageProduct.Kind


@dataclass
class Made:
    """One picture, stored durably but not yet named by a row."""

    kind: str
    name: str
    sha256: str
    media_type: str
    about: dict
    lesion: Lesion | None = None


def make(scan: Scan, pet: Volume, ct: Volume | None, lease: jobs.Lease, scratch: Scratch) -> list[Made]:
    """Everything the pages of this scan show; a picture that cannot be drawn costs only itself."""
    lease.progress("drawing the rotating picture")
    view = around_body(pet, scratch=scratch)
    turning = rotating_mip(pet, field_of_view=view, scratch=scratch)
    made = [
        _kept(Kind.MIP_SPRITE, products.mip_sprite(turning)),
        _kept(Kind.MIP_STILL, products.mip_still(turning)),
    ]
    lease.progress("packing volumes for the viewer")
    made += [_kept(Kind.PET_VOLUME, plane) for plane in compact.compact_suv(pet, view)]
    made += _ct_volume(ct, view)
    lease.progress("drawing key slices")
    for lesion, mask, point in _marked(scan, pet):
        made += _key_slices(lesion, pet, ct, point_lps=point, field_of_view=view, outline=mask)
    return made


def current(scan: Scan, suv_result: SuvResult) -> bool:
    """Are the pictures that exist those of today's inputs?"""
    kept = ImageProduct.objects.filter(scan=scan, superseded_at=None)
    digest = digests.of_pictures(scan, suv_result)
    return kept.filter(input_digest=digest).exists() and not kept.exclude(input_digest=digest).exists()


def keep(scan: Scan, digest: str, made: list[Made]) -> None:
    """The new pictures replace the old ones; call inside the transaction that ends the job."""
    now = timezone.now()
    ImageProduct.objects.filter(scan=scan, superseded_at=None).update(superseded_at=now)
    ImageProduct.objects.bulk_create(
        [
            ImageProduct(
                scan=scan,
                lesion=one.lesion,
                kind=one.kind,
                name=one.name,
                sha256=one.sha256,
                content_type=one.media_type,
                meta=one.about,
                input_digest=digest,
                method_version=digests.PICTURE_VERSION,
                computed_at=now,
            )
            for one in made
        ]
    )


def _ct_volume(ct: Volume | None, view: FieldOfView) -> list[Made]:
    try:
        return [_kept(Kind.CT_VOLUME, compact.compact_ct(ct, view))] if ct is not None else []
    except ImagingRefusal:
        return []


def _marked(scan: Scan, pet: Volume) -> Iterator[tuple[Lesion, Mask, tuple[float, float, float]]]:
    """Each lesion with a measured region: its voxels and its hottest voxel (the hottest region's, of several)."""
    measured = selectors.measurements(scan)
    liver = digests.liver_reference([item.voi for item in measured]).voi
    hottest: dict = {}
    for item in measured:
        if item.voi.role != Voi.Role.LESION or item.state != selectors.CURRENT:
            continue
        best = hottest.get(item.voi.lesion_id)
        if best is None or item.measurement.suv_max > best.measurement.suv_max:
            hottest[item.voi.lesion_id] = item
    for item in hottest.values():
        try:
            mask = mask_of(pet, item.voi, liver)
        except ImagingRefusal:
            continue
        yield item.voi.lesion, mask, tuple(item.measurement.hottest_voxel["lps_mm"])


def _key_slices(lesion: Lesion, pet: Volume, ct: Volume | None, **where) -> list[Made]:
    try:
        drawn = key_slices(pet, ct, **where)
    except ImagingRefusal:
        return []
    return [_kept(Kind.KEY_SLICE, picture, lesion) for picture in products.key_slice_files(drawn)]


def _kept(kind: str, product: Product, lesion: Lesion | None = None) -> Made:
    sha256 = store.put_bytes(product.data).sha256
    return Made(kind, product.name, sha256, product.media_type, product.about, lesion)
