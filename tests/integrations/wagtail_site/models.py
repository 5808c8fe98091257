from __future__ import annotations

from wagtail.blocks import RichTextBlock
from wagtail.fields import StreamField
from wagtail.images.blocks import ImageChooserBlock
from wagtail.models import Page
from wagtail.search import index


class Article(Page):
    body = StreamField([("text", RichTextBlock()), ("image", ImageChooserBlock())])

    search_fields = [*Page.search_fields, index.SearchField("body")]
