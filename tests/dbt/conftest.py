import pytest
from healthy_bot import Built, live_through


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return live_through(tmp_path_factory.mktemp("healthy"))
