"""What the sandbox's parent and child agree on. Nothing here imports pydicom: the parent must not."""

import struct

HEAD = struct.Struct("<II")  # bytes of JSON, bytes of pixels behind it
FILES_PER_MESSAGE = 32
MAX_REQUEST_BYTES = 4096
MAX_ANSWER_BYTES = 64 << 10
MAX_PIXEL_BYTES = 64 << 20

# What an archive files a stored image by; asked for when something is written for it.
FILING_REQUEST = {"filing": True}

# A digest of every element, to tell two files of one object apart.
DIGESTS_REQUEST = {"digests": True}

# The content of an object: many frames or contours, so more words and more time. Asked for one file at a time.
CONTENT_REQUEST = {"content": True}
MAX_CONTENT_ANSWER_BYTES = 16 << 20
SECONDS_PER_OBJECT = 20.0
