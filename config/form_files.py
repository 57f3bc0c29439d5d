"""Files of a form: those that are large wait on the disk of the data under no name: a killed process leaves none."""

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from imaging import disk, store


class UnnamedUploadHandler(TemporaryFileUploadHandler):
    """Raises ``store.StoreError`` where no room is left; the page of uploads has the sentence."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        folder = settings.FILE_STORE_DIR
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the request
        self.file = UploadedFile(file, self.file_name, self.content_type, 0, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if not disk.has_room():
            raise store.StoreError(disk.CODE)
        try:
            super().receive_data_chunk(raw_data, start)
            self.file.flush()
        except OSError as error:
            raise store.StoreError(disk.CODE if disk.is_full(error) else "store_unwritable") from error

    def upload_interrupted(self) -> None:
        if self.file is not None:
            self.file.close()
