"""The bound on what a form may carry, before it is read: Django alone would write any amount to the disk first."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class Bounded(FileUploadHandler):
    """First in FILE_UPLOAD_HANDLERS. The rule that takes the file has a limit of its own, and words for it."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):  # noqa: N803 - Django's name
        if content_length > settings.MAX_UPLOAD:
            raise RequestDataTooBig(f"The body is larger than {settings.MAX_UPLOAD} bytes.")

    def receive_data_chunk(self, raw_data, start):
        return raw_data

    def file_complete(self, file_size):
        return None
