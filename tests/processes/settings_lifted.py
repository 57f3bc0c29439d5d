"""The product's settings with the cap on what a whole archive unpacks to lifted, for the control of a proof."""

from config.settings import *  # noqa: F403
from imaging import archive

archive.ARCHIVE_FREE_BYTES = 1 << 40
