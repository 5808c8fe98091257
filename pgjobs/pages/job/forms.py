"""Forms for the arguments of ``run()``, built from its signature."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from pgjobs.access import redacted_arguments
from pgjobs.pages.job.fields import JSONArgument, decoded, field_for
from pgjobs.pages.job.parameters import NONE, Parameter, parameters_for, takes_any
from pgjobs.pages.job.redacting import has_mask, restored
from pgjobs.registry.names import JobTarget, path_of

PREFIX: Final = "arg-"
OTHERS: Final = "others"
_NAMED: Final = re.compile(r"(?:kwargs|arguments)\[(['\"])(\w+)\1\]")


class ArgumentsForm(forms.Form):
    """The arguments of one job class.

    With ``stored``, the encoded arguments of a job, it begins with these. A hidden value is never
    shown: its field is empty, and the value stays unless another one is given.
    """

    def __init__(
        self,
        target: JobTarget,
        *args: Any,
        user: Any,
        stored: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.target, self.user, self.stored = target, user, stored
        self.parameters = parameters_for(target)
        self._shown: dict[str, Any] = (
            {} if stored is None else redacted_arguments(path_of(target), dict(stored))
        )
        for parameter in self.parameters:
            self.fields[PREFIX + parameter.name] = field_for(
                parameter, user, self._shown.get(parameter.name, NONE)
            )
        if takes_any(target):
            names = {each.name for each in self.parameters}
            rest = {name: each for name, each in self._shown.items() if name not in names}
            self.fields[OTHERS] = self._field_of_others(rest)

    def _field_of_others(self, rest: dict[str, Any]) -> forms.Field:
        many = Parameter(OTHERS, dict, True, False, NONE, False)
        field = field_for(many, self.user, rest if rest else NONE)
        assert isinstance(field, JSONArgument)
        field.only, field.label = dict, _("Other arguments")
        return field

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The fields of arguments with what a page tells about them."""
        told = [
            {
                "field": self[PREFIX + each.name],
                "kind": each.words,
                "required": each.is_required and self.stored is None,
                "hidden": each.is_hidden,
                "kept": each.is_hidden and each.name in self._shown,
            }
            for each in self.parameters
        ]
        if OTHERS in self.fields:
            told.append({"field": self[OTHERS], "kind": "JSON"})
        return told

    def clean(self) -> dict[str, Any]:
        self.arguments = dict(self._given())
        return self.cleaned_data

    def _given(self) -> Iterator[tuple[str, Any]]:
        """Yield the arguments that the user has given: changed ones, and those that are needed."""
        for parameter in self.parameters:
            name = PREFIX + parameter.name
            if name not in self.cleaned_data:
                continue  # it has an error
            must = parameter.is_required and self.stored is None
            if must or name in self.changed_data:
                given = self._value(name, parameter, self.cleaned_data[name])
                if given is not NONE:
                    yield parameter.name, given
        if OTHERS in self.changed_data and self.cleaned_data.get(OTHERS):
            yield from self._others(self.cleaned_data[OTHERS])

    def _others(self, given: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        names = {each.name for each in self.parameters}
        for key, value in given.items():
            if key in names:
                self.add_error(OTHERS, _("%s has a field of its own.") % key)
            elif (read := self._read(OTHERS, key, value)) is not NONE:
                yield key, read

    def _value(self, name: str, parameter: Parameter, value: Any) -> Any:
        if value is None and not parameter.is_nullable and parameter.default is not NONE:
            return parameter.default
        if isinstance(self.fields[name], JSONArgument):
            return self._read(name, parameter.name, value)
        return value

    def _read(self, name: str, argument: str, value: Any) -> Any:
        """Return the value of JSON that the user has edited; `NONE` after an error."""
        if argument in self._shown:
            assert self.stored is not None
            value = restored(value, self.stored[argument], self._shown[argument])
        if has_mask(value):
            self.add_error(name, _("Replace [redacted] by a value: nothing is hidden there."))
            return NONE
        try:
            return decoded(value, self.user, argument)
        except forms.ValidationError as error:
            self.add_error(name, error)
            return NONE

    def refuse(self, error: Exception) -> None:
        """Show the refusal of ``enqueue()``, beside the argument that it names if it names one."""
        named = _NAMED.match(str(error))
        name = PREFIX + named[2] if named else None
        self.add_error(name if name in self.fields else None, str(error))
