"""The checks of requests: JSON documents, query parameters, and their names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.settings import api_settings

LARGEST_KEY: Final = 2**63 - 1


class StrictJSONParser(BaseParser):
    """Reads a JSON document in UTF-8, without NaN, Infinity and lone surrogates.

    JSON can escape a lone surrogate. No answer could repeat it, not even a refusal.
    """

    media_type = "application/json"

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            document = json.loads(stream.read().decode(), parse_constant=_no_json)
            json.dumps(document, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"This is no JSON in UTF-8: {error}") from None
        return document


class Document(serializers.Serializer[Any]):
    """The body of a request. A key that it does not have is refused: it could be a typing error."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


def refuse_unknown(given: Iterable[Any], known: Iterable[str]) -> None:
    """Raise ValidationError for each of the ``given`` names that is not ``known``."""
    names = sorted(known)
    if unknown := [str(name) for name in given if name not in names]:
        said = f"This is not known here. Known are: {', '.join(names) or 'none'}."
        raise ValidationError({name.encode(errors="replace").decode(): [said] for name in unknown})


def check_parameters(request: Request, known: Iterable[str]) -> None:
    """Raise ValidationError for a query parameter that is not ``known``.

    If a filter with a typing error were passed over, the list would have all jobs.
    """
    own = (api_settings.URL_FORMAT_OVERRIDE, api_settings.VERSION_PARAM)
    refuse_unknown((name for name in request.query_params if name not in own), known)


def as_key(text: str) -> int | None:
    """Return the key of a row that ``text`` is, or None if no row can have it."""
    if len(text) < 20 and text.isascii() and text.isdecimal():
        key = int(text)
        return key if key <= LARGEST_KEY else None
    return None


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
