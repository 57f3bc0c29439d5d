"""Large files of a form wait on disk without a name: nothing else can open them, and a killed process leaves none."""

import tempfile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class UnnamedFileUploadHandler(FileUploadHandler):
    """Beside the data, not in the folder for temporary files that all programs of the computer share."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        kind, charset, extra = self.content_type, self.charset, self.content_type_extra
        file = tempfile.TemporaryFile(dir=settings.DATA_DIR)  # noqa: SIM115 - closed with the request
        self.file = UploadedFile(file, self.file_name, kind, 0, charset, extra)

    def receive_data_chunk(self, raw_data, start):
        self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        if hasattr(self, "file"):
            self.file.close()
