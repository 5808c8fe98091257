"""What an editor does, and what the site then knows."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image as Picture
from wagtail.images.models import Image
from wagtail.models import Collection, Locale, Page, ReferenceIndex

from tests.integrations.wagtail_site.models import Article


def set_up() -> None:
    """Make what Wagtail's migrations make."""
    Collection.add_root(name="Root")
    Locale.objects.create(language_code="en")
    kind = ContentType.objects.get_for_model(Page)
    Page.add_root(instance=Page(title="Root", slug="root", content_type=kind))


def add_image(title: str) -> int:
    with BytesIO() as file:
        Picture.new("RGB", (4, 4)).save(file, "PNG")
        image = Image.objects.create(title=title, file=ContentFile(file.getvalue(), "dot.png"))
    return int(image.pk)


def publish_article(title: str, text: str, image: int) -> int:
    """Publish an article that shows the image and links to the root page."""
    root = Page.objects.get(depth=1)
    body: list[tuple[str, Any]] = [
        ("text", f'<p>{text} <a linktype="page" id="{root.pk}">home</a></p>'),
        ("image", Image.objects.get(pk=image)),
    ]
    article = root.add_child(instance=Article(title=title, body=body))
    article.save_revision().publish()
    return int(article.pk)


def references_of(article: int) -> list[list[str]]:
    """Return what the reference index knows of an article: the model and the key of each target."""
    found = ReferenceIndex.get_references_for_object(Article.objects.get(pk=article))
    return sorted([each.to_content_type.model, each.to_object_id] for each in found)


def found_by(words: str) -> list[str]:
    return [page.title for page in Page.objects.live().search(words)]


def image_file(image: int) -> str:
    return str(Image.objects.get(pk=image).file.path)


def delete_image(image: int) -> bool:
    """Delete the image in a transaction; return whether its file is still there afterwards."""
    found = Image.objects.get(pk=image)
    path = Path(found.file.path)
    with transaction.atomic():
        found.delete()
    return path.exists()


def delete_image_and_think_better_of_it(image: int) -> None:
    with transaction.atomic():
        Image.objects.get(pk=image).delete()
        transaction.set_rollback(True)
