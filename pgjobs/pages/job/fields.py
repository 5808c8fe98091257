"""The field of a form for each type that an argument may have."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from pgjobs import codec
from pgjobs.exceptions import BadArguments, InvalidArgument
from pgjobs.pages.job.objects import existing, may_view
from pgjobs.pages.job.parameters import NONE, Parameter
from pgjobs.pages.job.redacting import same
from pgjobs.pages.job.values import pretty

LONGEST: Final = 1_000_000
"""Characters that a field takes."""


class TextArgument(forms.CharField):
    """A text as it is. Browsers write line ends in their own way."""

    widget = forms.Textarea(attrs={"rows": 1})

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, max_length=LONGEST, **options)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(initial, (data or "").replace("\r\n", "\n"))


class DecimalArgument(forms.DecimalField):
    """A finite decimal. Django compares a value with others before it refuses a NaN."""

    def to_python(self, value: Any) -> Any:
        number = super().to_python(value)
        if number is not None and not number.is_finite():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number


class JSONArgument(TextArgument):
    """JSON, or typed JSON such as ``{"$date": "2026-01-31"}``, for all that has no other field."""

    def __init__(self, *, user: Any, only: type | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.user, self.only = user, only

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text.strip() == "":
            return None
        try:
            encoded = json.loads(text, parse_constant=_no_json)
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON: %s") % error) from None
        if self.only is not None and not isinstance(encoded, self.only):
            kind = _("an object, { … }") if self.only is dict else _("a list, [ … ]")
            raise ValidationError(_("This must be %s.") % kind)
        return encoded

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return not same(json.loads(initial or "null"), json.loads(data or "null"))
        except (ValueError, RecursionError):
            return True


class ModelArgument(forms.CharField):
    """The key of an object that the user may view."""

    def __init__(self, model: type[models.Model], *, user: Any, **options: Any) -> None:
        super().__init__(max_length=255, **options)
        self.model, self.user = model, user

    def clean(self, value: Any) -> Any:
        key = super().clean(value)
        return existing(self.model, key, self.user) if key else None


class ChoiceArgument(forms.ChoiceField):
    """One of the given values, each under a name of its own."""

    def __init__(
        self,
        values: dict[str, Any],
        *,
        is_nullable: bool,
        labels: Mapping[str, str] = MappingProxyType({}),
        **options: Any,
    ) -> None:
        empty = [] if options["required"] and not is_nullable else [("", "-")]
        named = [(name, labels.get(name, name)) for name in values]
        super().__init__(choices=[*empty, *named], **options)
        self.values = values

    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        return self.values[name] if name else None


def decoded(encoded: Any, user: Any, path: str) -> Any:
    """Return the value that typed JSON means. Raises ValidationError, also for hidden objects."""
    for label in _models_in(encoded):
        if not may_view(user, label):
            raise ValidationError(_("You may not view objects of %s.") % label)
    try:
        return codec.decode(encoded, path)
    except (BadArguments, InvalidArgument) as error:
        raise ValidationError(str(error)) from None


def _models_in(encoded: Any) -> list[str]:
    if isinstance(encoded, list):
        return [label for each in encoded for label in _models_in(each)]
    if not isinstance(encoded, dict):
        return []
    body = encoded.get("$model")
    own = [str(body[0])] if isinstance(body, list) and body else []
    return own + [label for each in encoded.values() for label in _models_in(each)]


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_PLAIN: Final[dict[Any, Callable[..., forms.Field]]] = {
    int: forms.IntegerField,
    float: forms.FloatField,
    Decimal: DecimalArgument,
    str: TextArgument,
    UUID: forms.UUIDField,
    timedelta: forms.DurationField,
    date: lambda **options: forms.DateField(widget=_input("date", "%Y-%m-%d"), **options),
    datetime: lambda **options: forms.DateTimeField(
        widget=_input("datetime-local", "%Y-%m-%dT%H:%M:%S", forms.DateTimeInput), **options
    ),
    time: lambda **options: forms.TimeField(
        widget=_input("time", "%H:%M:%S", forms.TimeInput), **options
    ),
}


def _input(kind: str, written: str, widget: Any = forms.DateInput) -> Any:
    return widget(format=written, attrs={"type": kind, "step": "1" if kind != "date" else "any"})


def field_for(parameter: Parameter, user: Any, stored: Any = NONE) -> forms.Field:
    """Return the field for a parameter, with its default or with the ``stored`` JSON in it."""
    field, shown = _typed(parameter, user, stored)
    field.label, field.help_text = parameter.name, ""
    field.initial = shown
    if parameter.is_hidden:
        if not isinstance(field, tuple(_SECRET)):
            field = JSONArgument(user=user, required=field.required, label=parameter.name)
        field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        field.initial = None
        field.required = parameter.is_required and stored is NONE
    return field


_SECRET: Final = (TextArgument, forms.IntegerField, forms.FloatField, forms.UUIDField)


def _typed(parameter: Parameter, user: Any, stored: Any) -> tuple[forms.Field, Any]:
    """Return the field by the type, if a value that is there fits it, or a field for JSON."""
    required = parameter.is_required and not parameter.is_nullable
    field = _by_kind(parameter, user, required)
    if field is not None:
        try:
            return field, _initial(parameter, field, stored)
        except (ValueError, TypeError, KeyError, BadArguments, InvalidArgument):
            pass  # a value that SQL by hand wrote, or of an older signature
    origin = typing.get_origin(parameter.kind) or parameter.kind
    is_plain = inspect.isclass(origin) and not parameter.is_nullable  # [str] is an annotation too
    only = {dict: dict, list: list}.get(origin) if is_plain else None
    text = _json_text(parameter, stored)
    return JSONArgument(user=user, only=only, required=required), text


def _by_kind(parameter: Parameter, user: Any, required: bool) -> forms.Field | None:
    kind = parameter.kind
    values: dict[str, Any]
    if kind is bool:
        if not parameter.is_nullable:
            return forms.BooleanField(required=False)
        labels = {"yes": _("yes"), "no": _("no")}
        values = {"yes": True, "no": False}
        return ChoiceArgument(values, is_nullable=True, labels=labels, required=False)
    if typing.get_origin(kind) is typing.Literal:
        values = {str(each): each for each in typing.get_args(kind)}
        return ChoiceArgument(values, is_nullable=parameter.is_nullable, required=required)
    if inspect.isclass(kind) and issubclass(kind, Enum):
        values = {each.name: each for each in kind}
        return ChoiceArgument(values, is_nullable=parameter.is_nullable, required=required)
    if inspect.isclass(kind) and issubclass(kind, models.Model):
        return ModelArgument(kind, user=user, required=required)
    if inspect.isclass(kind) and kind in _PLAIN:
        return _PLAIN[kind](required=required)
    return None


def _initial(parameter: Parameter, field: forms.Field, stored: Any) -> Any:
    """Return what the field shows. Raises ValueError for a value of another type."""
    if isinstance(field, ModelArgument):
        return _key_of(field, stored if stored is not NONE else parameter.default)
    value = parameter.default if stored is NONE else codec.decode(stored, parameter.name)
    if value is NONE or value is None:
        return None
    if isinstance(field, ChoiceArgument):
        for name, each in field.values.items():
            if each is value or (stored is not NONE and getattr(each, "value", each) == value):
                return name
        raise ValueError(value)
    kind = parameter.kind
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ValueError(value)
    return value


def _key_of(field: ModelArgument, value: Any) -> Any:
    if value is NONE or value is None:
        return None
    if isinstance(value, models.Model):
        return str(value.pk)
    label, key = value["$model"]
    if label != field.model._meta.label_lower:
        raise ValueError(label)
    return str(codec.decode(key, "key"))


def _json_text(parameter: Parameter, stored: Any) -> str | None:
    if stored is not NONE:
        return pretty(stored)
    if parameter.default is NONE or parameter.default is None:
        return None
    try:
        return pretty(codec.encode(parameter.default, parameter.name))
    except InvalidArgument:
        return None
