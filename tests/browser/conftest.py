"""One headless Chromium for all tests of pages; they are skipped, with the reason, where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.chromium import Chromium, why_not


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    browser = Chromium(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()
