"""Archives, links and names that mean harm."""

import os
import stat
import struct
import tarfile
import zipfile
import zlib
from io import BytesIO

from tests.imaging.dicom_files import to_bytes
from tests.imaging.zoo.box import SLICES, Box


def bomb_in_zip(box: Box) -> None:
    box.zip("a.zip", [("@bomb.dcm", bytes(16 << 20)), *((f"@{k}.dcm", to_bytes(box.pet(k))) for k in range(SLICES))])


def zip_in_zip(box: Box) -> None:
    inner = box.zip("", [("@x.dcm", b"x")])
    box.zip("a.zip", [("@inner.zip", inner)])


def quine(box: Box) -> None:
    """Not a true quine, which needs one exact byte string: an archive whose entry begins like an archive."""
    box.zip("a.zip", [("@r.zip", b"PK\x03\x04" + bytes(200))], zipfile.ZIP_STORED)


def many_entries(box: Box) -> None:
    """A table of contents of 200,000 lines over one file."""
    data = box.zip("", [("@x", b"x")])
    at = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    table = data[at:end] * 200_000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(table), at, 0)
    box.add("a.zip", data[:at] + table + tail)


def many_entries_by_zip64(box: Box) -> None:
    """The ordinary end record is harmless; the one of ZIP64 before it, which counts, names a million lines."""
    data = box.zip("", [("@x", b"x")])
    at, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    lines = 1_000_000
    table = data[at:end] * lines
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, lines, lines, len(table), at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + len(table), 1)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, end - at, at, 0)
    box.add("a.zip", data[:at] + table + record + locator + tail)


def lying_size(box: Box) -> None:
    data = bytearray(box.zip("", [("@bomb.dcm", bytes(16 << 20))]))
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 24, 100)
    box.add("a.zip", bytes(data))


def overlapping(box: Box) -> None:
    """Three entries that each claim more than half of the archive as their packed bytes."""
    data = bytearray(box.zip("", [(f"@{n}", os.urandom(64)) for n in range(3)], zipfile.ZIP_STORED))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<LL", data, at + 20, len(data) * 3 // 4, len(data) * 3 // 4)
    box.add("a.zip", bytes(data))


def inside_each_other(box: Box) -> None:
    """Each entry's packed bytes quote the whole next entry and then are its packed bytes: few bytes, counted again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(8 << 20)
    packed, crcs, names = packer.compress(plain) + packer.flush(), [zlib.crc32(plain)], [f"{box.mark}0"]
    sizes, heads = [(len(packed), len(plain))], [b""]
    for n in range(1, 12):
        heads[-1] = _local_head(names[-1], crcs[-1], *sizes[-1])
        packed = struct.pack("<BHH", 0, len(heads[-1]), len(heads[-1]) ^ 0xFFFF) + heads[-1] + packed
        plain = heads[-1] + plain
        sizes.append((len(packed), len(plain)))
        crcs.append(zlib.crc32(plain))
        names.append(f"{box.mark}{n}")
        heads.append(b"")
    body = _local_head(names[-1], crcs[-1], *sizes[-1]) + packed
    table = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, *size, len(name), 0, 0, 0, 0, 0,
                    body.index(_local_head(name, crc, *size))) + name.encode()
        for name, crc, size in zip(names[::-1], crcs[::-1], sizes[::-1], strict=True)
    )  # fmt: skip
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(table), len(body), 0)
    box.add("a.zip", body + table + tail)


def _local_head(name: str, crc: int, packed: int, size: int) -> bytes:
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, packed, size, len(name), 0) + name.encode()


def named(*names: str):
    def make(box: Box) -> None:
        box.zip("a.zip", [(name, b"evil") for name in names])

    return make


def with_nul_name(box: Box) -> None:
    data = box.zip("", [("@aXb", b"evil")])
    box.add("a.zip", data.replace(f"{box.mark}aXb".encode(), f"{box.mark}a\0b".encode()))


def twice(box: Box) -> None:
    names = ("@A.dcm", "@b.dcm", "@c.dcm", "@a.dcm", "@a.DCM")
    box.zip("a.zip", [(name, to_bytes(box.pet(k))) for k, name in enumerate(names)])


def links_in_zip(box: Box) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, mode in (("link", stat.S_IFLNK), ("fifo", stat.S_IFIFO), ("device", stat.S_IFBLK)):
            info = zipfile.ZipInfo(box.mark + name)
            info.external_attr = (mode | 0o777) << 16
            target.writestr(info, "/etc/passwd")
    box.add("a.zip", buffer.getvalue())


def links_in_tar(box: Box) -> None:
    """A true tar with an image beside a link of each kind, a pipe and a device."""
    buffer, image = BytesIO(), to_bytes(box.pet())
    with tarfile.open(fileobj=buffer, mode="w") as target:
        info = tarfile.TarInfo("good.dcm")
        info.size = len(image)
        target.addfile(info, BytesIO(image))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.BLKTYPE):
            info = tarfile.TarInfo(f"{kind.decode()}.dcm")
            info.type, info.linkname = kind, "/etc/passwd"
            target.addfile(info)
    box.add("a.tar", buffer.getvalue())


def links_in_folder(box: Box) -> None:
    (box.folder / f"{box.mark}link.dcm").symlink_to("/etc/passwd")
    (box.folder / f"{box.mark}folder").symlink_to("/etc")
    (box.folder / f"{box.mark}gone.dcm").symlink_to(box.folder / "absent")
    os.mkfifo(box.folder / f"{box.mark}fifo.dcm")


def hard_links(box: Box) -> None:
    """Of a whole series the slice that follows has a second name."""
    box.series()
    os.link(box.add("3.dcm", to_bytes(box.pet(SLICES))), box.folder / f"{box.mark}again.dcm")


def encrypted(box: Box) -> None:
    data = bytearray(box.zip("", [("@secret.dcm", b"data")]))
    struct.pack_into("<H", data, data.find(b"PK\x01\x02") + 8, 1)
    box.add("a.zip", bytes(data))


def unknown_method(box: Box) -> None:
    box.zip("a.zip", [("@a.dcm", b"data")], zipfile.ZIP_LZMA)
