"""The organs of the digital phantom, in painting order: a later one covers an earlier one.

Each row is a name, a shape in the canonical LPS mm of ``anatomy``, its uptake (SUVbw) and its CT number (HU).
"""

from dataclasses import dataclass

import numpy as np

from demo.anatomy import Figure
from demo.shapes import Blend, Cut, Ellipsoid, Point, Shape, Shifted, Tube, curve


@dataclass(frozen=True)
class Organ:
    name: str
    shape: Shape
    suv: float
    hu: float
    within: str = "skin"  # the layer of the body that clips it: skin, muscle or chest_wall


def organs(figure: Figure) -> list[Organ]:
    return [
        *_head_and_neck(figure),
        *_skeleton(figure),
        *_chest(figure),
        *_abdomen(figure),
        *_urinary_tract(figure),
        *_bowel(figure),
        *_pelvis(figure),
    ]


# One row per organ reads better than one argument per line.
# fmt: off
_SPINE = curve([(0, 24, -185), (0, 22, -225), (0, 36, -290), (0, 58, -370), (0, 62, -450), (0, 50, -540), (0, 36, -620), (0, 34, -690), (0, 58, -750)], 4)  # noqa: E501
_AORTA = curve([(4, -22, -412), (-10, -22, -372), (-2, -8, -338), (14, 16, -326), (25, 38, -345), (25, 40, -430), (18, 28, -520), (8, 12, -600), (2, 6, -688)], 4)  # noqa: E501
_STOMACH = curve([(66, 6, -486), (70, -18, -516), (62, -44, -556), (36, -62, -592), (2, -58, -600), (-26, -36, -592)], 4)  # noqa: E501
_PANCREAS = curve([(-22, -6, -604), (-6, -22, -580), (26, -24, -562), (62, 8, -546), (84, 26, -536)], 3)
_DUODENUM = curve([(-28, -34, -592), (-50, -10, -604), (-52, 2, -645), (-20, 6, -668), (24, -2, -656), (36, -16, -632)], 3)  # noqa: E501
_COLON = (
    [(-98, -2, -752), (-104, 8, -700), (-104, 0, -650), (-98, -24, -622)],
    [(-98, -24, -622), (-62, -66, -640), (0, -78, -662), (60, -72, -636), (104, -10, -566)],
    [(104, -10, -566), (118, 20, -620), (114, 18, -690), (100, 8, -756)],
    [(100, 8, -756), (62, -22, -786), (20, 14, -780), (4, 44, -800), (0, 50, -858)],
)


def _head_and_neck(figure: Figure) -> list[Organ]:
    suv = figure.suv
    skull = Ellipsoid((0, 10, -100), (67, 87, 94))
    jaw = curve([(-46, -10, -178), (-40, -45, -200), (0, -74, -206), (40, -45, -200), (46, -10, -178)])
    rows = [
        Organ("skull", skull, suv("marrow") * 0.6, 850),
        Organ("brain", Shifted(skull, -7), suv("brain"), 36),
        Organ("face", Ellipsoid((0, -48, -150), (42, 34, 40)), suv("mucosa") * 0.7, 180),
        Organ("nasal mucosa", Ellipsoid((0, -56, -140), (20, 30, 22)), suv("mucosa"), 20),
        Organ("nasal air", Ellipsoid((0, -58, -140), (6, 22, 18)), 0.3, -850),
        Organ("mandible", Tube(jaw, (7,)), 0.7, 700),
        Organ("tonsils", Ellipsoid((0, -10, -185), (24, 12, 14)), suv("mucosa") * 1.4, 40),
        Organ("pharynx air", Tube(((0, -12, -165), (0, -4, -235)), (8, 7)), 0.2, -900),
        Organ("trachea wall", Tube(((0, 0, -235), (0, 14, -352)), (11,)), 1.0, 30),
        Organ("trachea air", Tube(((0, 0, -235), (0, 14, -352)), (8,)), 0.2, -950),
        Organ("pituitary", Ellipsoid((0, -6, -112), (6.5, 6, 5.5)), suv("pituitary"), 40),
    ]
    for s in (-1, 1):
        rows += [
            Organ("orbit", Ellipsoid((s * 31, -62, -108), (13, 14, 13)), 0.3, 10),
            Organ("lacrimal gland", Ellipsoid((s * 39, -66, -98), (6, 7, 5)), suv("salivary") * 0.5, 40),
            Organ("parotid", Ellipsoid((s * 56, 2, -168), (11, 17, 24), (10, 0, 0)), suv("salivary"), 20),
            Organ("submandibular gland", Ellipsoid((s * 28, -34, -208), (11, 14, 10)), suv("salivary") * 1.15, 40),
            Organ("thyroid", Ellipsoid((s * 17, -6, -262), (9, 10, 22), (0, s * 8, 0)), suv("thyroid"), 100),
            Organ("carotid", Tube(((s * 30, 2, -190), (s * 26, 8, -270), (s * 14, 8, -320)), (4,)), suv("blood"), 45),
        ]
    return rows


def _skeleton(figure: Figure) -> list[Organ]:
    marrow = figure.suv("marrow")
    pubis = curve([(-62, -12, -838), (-30, -48, -850), (0, -56, -856), (30, -48, -850), (62, -12, -838)])
    rows = [
        Organ("vertebrae", Tube(_SPINE, (11, 24)), marrow, 210),
        *(Organ("disc", Ellipsoid(_SPINE[i], (23, 23, 3.2)), marrow * 0.6, 90) for i in range(4, len(_SPINE), 2)),
        Organ("arches", Tube(tuple((x, y + 34, z) for x, y, z in _SPINE), (10,)), marrow * 0.8, 320),
        Organ("spinal canal", Tube(tuple((x, y + 25, z) for x, y, z in _SPINE), (7,)), 0.35, 20),
        Organ("sternum", Tube(curve([(0, -62, -305), (0, -84, -370), (0, -94, -450)]), (9,)), marrow * 0.9, 180),
        Organ("sacrum", Ellipsoid((0, 66, -775), (46, 19, 56), (-22, 0, 0)), marrow, 210),
        Organ("pubis", Tube(pubis, (9,)), marrow * 0.7, 320),
    ]
    for s in (-1, 1):
        wing = Cut(
            Ellipsoid((s * 82, 26, -742), (58, 72, 68), (0, s * 14, s * -20)),
            Ellipsoid((s * 68, 14, -732), (56, 70, 70), (0, s * 14, s * -20)),
        )
        ischium = ((s * 74, 30, -842), (s * 58, 46, -892), (s * 40, 6, -896), (s * 20, -44, -862))
        arm = ((s * 152, 12, -306), (s * 182, 0, -190), (s * 172, -8, -50), (s * 155, -10, 60))
        hip = ((s * 92, 4, -832), (s * 122, 8, -862), (s * 122, 8, -890))
        collar = curve([(s * 14, -52, -302), (s * 70, -48, -284), (s * 132, 0, -296)])
        rows += [
            Organ("iliac wing", wing, marrow, 260, "muscle"),
            Organ("acetabulum", Ellipsoid((s * 84, 8, -822), (31, 33, 32)), marrow * 0.9, 320),
            Organ("ischium", Tube(ischium, (13, 11, 8, 8)), marrow * 0.7, 330),
            Organ("femoral head", Ellipsoid((s * 88, 4, -826), (23, 23, 23)), marrow * 0.7, 330),
            Organ("femoral neck", Tube(hip, (16, 18, 17)), marrow * 0.7, 380),
            Organ("femur", Tube(((s * 120, 8, -870), (s * 96, 0, -1120)), (15, 14)), 0.5, 1000),
            Organ("femoral marrow", Tube(((s * 119, 8, -890), (s * 96, 0, -1120)), (8, 7)), marrow * 0.4, -20),
            Organ("clavicle", Tube(collar, (7,)), marrow * 0.7, 420),
            Organ("scapula", Ellipsoid((s * 104, 78, -350), (42, 7, 58), (0, 0, s * -28)), marrow * 0.7, 300),
            Organ("humerus", Tube(arm, (20, 12, 11, 11)), 0.5, 900),
            Organ("humeral marrow", Tube(arm, (13, 6, 6, 6)), marrow * 0.4, 30),
        ]
    return rows


def _chest(figure: Figure) -> list[Organ]:
    lung, blood, muscle = figure.suv("lung"), figure.suv("blood"), figure.suv("muscle")
    middle = Blend((
        Tube(((0, 10, -300), (0, 0, -400), (8, 0, -480)), (24, 30, 40)),
        Tube(((0, 45, -330), (0, 48, -500)), (30, 34)),
    ), 14)
    cava = curve([(-24, -8, -340), (-26, -6, -400), (-26, 8, -470), (-24, 12, -560), (-18, 12, -690)], 3)
    trunk = curve([(18, -34, -400), (8, -10, -372), (-34, 8, -372)], 3)
    return [
        *(Organ("lung", Ellipsoid((s * 84, 8, -400), (66, 96, 128), (8, s * -7, 0)), lung, -810, "chest_wall") for s in (-1, 1)),  # noqa: E501
        Organ("mediastinum", middle, muscle * 0.9, 20, "chest_wall"),
        Organ("heart", Ellipsoid((30, -30, -438), (62, 46, 54), (0, 32, -34)), muscle * 1.5, 45, "chest_wall"),
        Organ("cardiac blood", Ellipsoid((28, -28, -436), (46, 33, 40), (0, 32, -34)), blood, 42, "chest_wall"),
        Organ("aorta", Tube(_AORTA, (13, 13, 11)), blood, 42),
        Organ("vena cava", Tube(cava, (11,)), blood, 42),
        Organ("pulmonary trunk", Tube(trunk, (13,)), blood, 42),
        Organ("left hilum", Tube(((12, -6, -374), (56, 16, -384)), (11, 7)), blood * 0.8, 40),
        Organ("oesophagus", Tube(((0, 26, -300), (2, 34, -470)), (7,)), 1.4, 30),
        Organ("thoracic vertebrae", Tube(_SPINE[8:24], (16, 21)), figure.suv("marrow"), 210),
        *(Organ("disc", Ellipsoid(_SPINE[i], (21, 21, 3.2)), figure.suv("marrow") * 0.6, 90) for i in range(8, 24, 2)),
    ]


def liver_shape() -> Shape:
    right = Ellipsoid((-78, 4, -528), (74, 86, 90), (0, -12, 0))
    dome = Ellipsoid((-66, 0, -486), (64, 72, 52))
    left = Ellipsoid((4, -42, -502), (72, 40, 36), (0, -14, 10))
    return Cut(Blend((right, dome, left), 22), Ellipsoid((-8, 70, -566), (50, 60, 100)))


def _abdomen(figure: Figure) -> list[Organ]:
    suv = figure.suv
    hollow = Blend((Ellipsoid((0, -4, -600), (128, 84, 100)), Ellipsoid((0, -4, -720), (112, 74, 120))), 40)
    rows = [
        Organ("left upper quadrant", Ellipsoid((78, 6, -570), (74, 92, 108)), suv("fat"), -95, "chest_wall"),
        Organ("peritoneal fat", hollow, suv("fat"), -100, "muscle"),
        Organ("lumbar vertebrae", Tube(_SPINE[18:], (22,)), suv("marrow"), 210),
        *(Organ("disc", Ellipsoid(_SPINE[i], (23, 23, 3.6)), suv("marrow") * 0.6, 90) for i in range(18, 32, 2)),
        Organ("abdominal aorta", Tube(((20, 26, -530), (6, 12, -606), (2, 6, -688)), (11, 10, 9)), suv("blood"), 42),
    ]
    for s in (-1, 1):
        psoas = ((s * 34, 40, -600), (s * 46, 34, -690), (s * 66, 4, -780), (s * 84, -10, -830))
        vessel = curve([(0, 8, -684), (s * 34, 14, -744), (s * 58, -12, -800), (s * 72, -44, -860), (s * 74, -44, -1000), (s * 72, -20, -1120)], 3)  # noqa: E501
        rows += [
            Organ("psoas", Tube(psoas, (12, 20, 20, 14)), suv("muscle"), 55),
            Organ("iliac vessels", Tube(vessel, (9, 8, 6)), suv("blood"), 44),
        ]
    return [
        *rows,
        Organ("liver", liver_shape(), suv("liver"), 58, "chest_wall"),
        Organ("gallbladder", Ellipsoid((-46, -52, -588), (14, 18, 28), (-20, 0, 0)), 1.2, 8),
        Organ("spleen", Ellipsoid((95, 48, -513), (29, 46, 54), (-12, 14, -20)), suv("spleen"), 52, "chest_wall"),
        Organ("stomach", Tube(_STOMACH, (34, 31, 21, 12)), suv("stomach"), 42),
        Organ("stomach contents", Tube(_STOMACH, (25, 22, 12, 4)), 0.6, 8),
        Organ("stomach air", Ellipsoid((62, -38, -508), (17, 8, 20)), 0.4, -800),
        Organ("pancreas", Tube(_PANCREAS, (15, 12, 12, 9)), suv("pancreas"), 38),
        Organ("uncinate process", Ellipsoid((-16, 2, -618), (13, 11, 15)), suv("uncinate"), 38),
        Organ("duodenum", Tube(_DUODENUM, (11,)), suv("duodenum"), 32),
    ]


def _urinary_tract(figure: Figure) -> list[Organ]:
    suv = figure.suv
    rows = []
    for s, drop in ((-1, -14), (1, 8)):
        z = -604 + drop
        adrenal = curve([(s * 28, 30, -546 + drop / 2), (s * 36, 40, -558 + drop / 2), (s * 44, 50, -566 + drop / 2)], 2)  # noqa: E501
        rows += [
            Organ("kidney", Ellipsoid((s * 66, 52, z), (26, 28, 55), (10, s * 12, s * 24)), suv("kidney"), 34),
            Organ("renal sinus", Ellipsoid((s * 53, 44, z), (13, 13, 26), (10, s * 12, 0)), suv("kidney") * 0.45, -30),
            Organ("renal pelvis", Ellipsoid((s * 46, 40, z - 2), (8, 8, 12)), suv("renal_pelvis"), 10),
            Organ("adrenal", Tube(adrenal, (4.5,)), suv("adrenal"), 25),
        ]
    # Urine moves in boluses: a piece of each ureter, never both in full.
    left = curve([(44, 40, -612), (38, 26, -652), (40, 23, -676)], 3)
    right = curve([(-50, 22, -760), (-56, 20, -792), (-46, 8, -818)], 3)
    return [*rows, Organ("ureter", Tube(left, (2.6,)), suv("ureter"), 10), Organ("ureter", Tube(right, (2.6,)), suv("ureter") * 0.8, 10)]  # noqa: E501


def _bowel(figure: Figure) -> list[Organ]:
    rng = np.random.default_rng(figure.seed)
    rows = []
    for points in _COLON:
        line, uptake = curve(points, 5), figure.suv("colon") * float(rng.uniform(0.85, 1.15))
        haustra = tuple(float(15 + 3.5 * np.sin(1.9 * i) + rng.normal(0, 0.8)) for i in range(len(line)))
        rows.append(Organ("colon", Tube(line, haustra), uptake, 30))
        rows.append(Organ("colon contents", Tube(line, tuple(r - 6 for r in haustra)), uptake * 0.55, -160))
    for start, level in (((46, -40, -690), 1.2), ((46, -40, -690), 1.0), ((-18, -38, -746), 0.8), ((-18, -38, -746), 0.65), ((20, -30, -740), 0.9)):  # noqa: E501
        line = curve(_wander(rng, start), 3)
        for i in range(0, len(line) - 1, 3):
            uptake = figure.suv("bowel") * level * float(rng.uniform(0.6, 1.25))
            rows.append(Organ("small bowel", Tube(line[i : i + 4], (float(rng.uniform(9, 12)),)), uptake, 35))
    return rows


def _wander(rng: np.random.Generator, start: Point, steps: int = 13) -> list[Point]:
    """A line that keeps turning and stays near ``start``: one loop of small bowel."""
    middle = np.array(start) + rng.normal(0, 12, 3)
    place, heading = middle.copy(), rng.normal(size=3)
    walk: list[Point] = []
    for _ in range(steps):
        heading = 0.55 * heading / np.linalg.norm(heading) + rng.normal(0, 0.55, 3) + (middle - place) / 55
        place = place + heading / np.linalg.norm(heading) * (19, 12, 17)
        walk.append((float(place[0]), float(place[1]), float(place[2])))
    return walk


def _pelvis(figure: Figure) -> list[Organ]:
    suv = figure.suv
    inner = (
        Organ("uterus", Ellipsoid((4, 2, -806), (27, 32, 24), (30, 0, 0)), suv("uterus"), 50)
        if figure.is_female
        else Organ("prostate", Ellipsoid((0, -6, -884), (22, 17, 17)), suv("uterus"), 45)
    )
    return [
        Organ("rectum", Tube(((0, 48, -838), (0, 42, -900)), (15, 11)), suv("colon") * 0.8, 20),
        inner,
        Organ("bladder", Ellipsoid((0, -22, -842), (39, 33, 28)), suv("bladder"), 6),
    ]
# fmt: on
