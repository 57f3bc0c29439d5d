"""The same image in another transfer syntax, by gdcm."""

from pathlib import Path

import gdcm


def recompress(source: Path, target: Path, name: str) -> Path:
    """``name`` is a gdcm transfer syntax, for example ``JPEGLSLossless``."""
    reader, changer, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(source))
    assert reader.Read()
    changer.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    changer.SetInput(reader.GetImage())
    assert changer.Change()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(changer.GetOutput())
    assert writer.Write()
    return target
