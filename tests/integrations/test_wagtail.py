"""Wagtail's own tasks, run by a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.project import Project, project


@pytest.fixture(scope="module")
def site() -> Iterator[Project]:
    with project("wagtail_site") as site:
        site.call("set_up")
        site.work()
        yield site


def test_the_worker_indexes_the_references_and_the_words_of_a_published_page(
    site: Project,
) -> None:
    image = site.call("add_image", "a dot")
    article = site.call("publish_article", "Herons", "They wade at dusk.", image)
    assert site.call("references_of", article) == []
    assert site.call("found_by", "wade") == []

    site.work()

    assert ["image", str(image)] in site.call("references_of", article)
    assert ["page", "1"] in site.call("references_of", article)
    assert site.call("found_by", "wade") == ["Herons"]
    assert {status for _name, status in site.jobs()} == {"completed"}


def test_the_worker_removes_the_file_of_a_deleted_image(site: Project) -> None:
    image = site.call("add_image", "another dot")
    path = Path(site.call("image_file", image))
    site.work()

    site.call("delete_image_and_think_better_of_it", image)
    site.work()
    assert path.exists()

    assert site.call("delete_image", image) is True
    site.work()
    assert not path.exists()
    assert site.jobs()[-1] == ("delete_file_from_storage_task", "completed")
