import pytest

from tests.processes.canary.site import Monitored, deployment
from tests.processes.conftest import folder, redis_url  # noqa: F401


@pytest.fixture
def deployed(folder, redis_url, settings, transactional_db):  # noqa: F811
    """The product on the database and the data folder of this test; nothing is started yet."""
    settings.DATA_DIR, settings.CELERY_BROKER_URL = folder, redis_url
    with deployment(folder, redis_url) as made:
        yield made


@pytest.fixture
def monitored(redis_url):  # noqa: F811
    made = Monitored(redis_url)
    yield made
    made.close()
