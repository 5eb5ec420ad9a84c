"""What pydantic finds wrong in a content file, as sentences a receptionist can act on, with their lines."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.content.yaml_reader import Document, Place, Value
from bot.errors import Problem


def explain(document: Document, model: type[BaseModel], error: ValidationError) -> list[Problem]:
    """One problem for each thing pydantic refused in `document` when reading it as `model`."""
    return [
        Problem(document.file, document.line(_path(document, detail)), _sentence(document, model, detail))
        for detail in error.errors(include_url=False, include_context=True)
    ]


def _path(document: Document, detail: ErrorDetails) -> Place:
    """pydantic's location without the parts that are not in the file (its own type names, split-up times)."""
    path: Place = ()
    for part in detail["loc"]:
        if (*path, part) in document.lines:
            path = (*path, part)
    return path


def _sentence(document: Document, model: type[BaseModel], detail: ErrorDetails) -> str:
    path = _path(document, detail)
    if detail["type"] == "extra_forbidden":
        return _unknown_key(str(detail["loc"][-1]), _keys_at(model, detail["loc"][:-1]))
    if detail["type"] == "missing":
        if path[-1:] == detail["loc"][-1:]:
            return f"nothing stands after '{path[-1]}:'"
        return f"{_owner(document, path)} has no '{detail['loc'][-1]}'"
    if detail["loc"] and detail["loc"][-1] == "[key]" and detail["type"] in {"literal_error", "enum"}:
        return _unknown_key(str(detail["loc"][-2]), [expected.strip("'") for expected in _expected(detail)])
    say = _SAY.get(detail["type"])
    return f"{_subject(path)} {say(detail) if say else _as_told(detail)}"


def _unknown_key(key: str, known: list[str]) -> str:
    close = get_close_matches(key.lower(), known, n=1)
    if close:
        return f"'{key}' is not a key I know here; did you mean '{close[0]}'?"
    return f"'{key}' is not a key I know here; the keys are {', '.join(known)}"


def _owner(document: Document, path: Place) -> str:
    """The thing a key is missing from: by its id if it has one."""
    value = document.value
    for part in path:
        value = _inside(value, part)
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return f"'{value['id']}'"
    return "the file" if not path else _subject(path)


def _inside(value: Value, part: str | int) -> Value:
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int):
        return value[part]
    return None


def _subject(path: Place) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"this item of '{path[-2]}'" if len(path) > 1 else "this item"
    return f"'{path[-1]}'"


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys the schema knows at `loc`."""
    here: Any = model
    for part in loc:
        if isinstance(part, str) and isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(part)
            here = _bare(field.annotation) if field else None
        elif isinstance(part, int):
            here = _bare(next(iter(get_args(here)), None))
        elif get_origin(here) is Mapping:
            here = _bare(get_args(here)[1])
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _bare(annotation: Any) -> Any:
    """An annotation without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return annotation


def _expected(detail: ErrorDetails) -> list[str]:
    """The allowed values of an enum or literal, quoted as pydantic quotes them."""
    said = str(detail.get("ctx", {}).get("expected", ""))
    return said.replace(" or ", ", ").split(", ")


def _one_of(detail: ErrorDetails) -> str:
    known = [value.strip("'") for value in _expected(detail)]
    given = str(detail["input"])
    close = get_close_matches(given.lower(), known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"must be one of {', '.join(known)}, not '{given[:40]}'{hint}"


def _pattern(detail: ErrorDetails) -> str:
    return (
        f"cannot be '{str(detail['input'])[:50]}': use small letters, digits and _ only, begin with a letter, "
        "at most 41 characters"
    )


def _as_told(detail: ErrorDetails) -> str:
    """The text of our own validators, and pydantic's for what has no sentence yet."""
    text = detail["msg"].removeprefix("Value error, ")
    return f"cannot be used: {text[:1].lower()}{text[1:]}"


def _text(detail: ErrorDetails) -> str:
    if detail["input"] is None:
        return "is empty; write something after the dash, or remove it"
    return "must be one text; put it into \"double quotes\" if it contains ': ' or begins with [ or {"


def _list(_: ErrorDetails) -> str:
    return "must be a list: one line for each item, beginning with '- '"


def _group(_: ErrorDetails) -> str:
    return "must be a group of lines such as 'id: …', moved in under it"


def _number(detail: ErrorDetails) -> str:
    return f"must be a whole number, not '{str(detail['input'])[:40]}'"


def _date(detail: ErrorDetails) -> str:
    return f"is no day of the calendar: {str(detail['input'])[:40]}"


def _time(detail: ErrorDetails) -> str:
    return f"is no time of the day: {str(detail['input'])[:40]} (the last one is 23:59)"


def _yes_or_no(detail: ErrorDetails) -> str:
    return f"must be yes or no, not '{str(detail['input'])[:40]}'"


_SAY: Mapping[str, Callable[[ErrorDetails], str]] = {
    "string_type": _text,
    "string_too_short": lambda _: "is empty",
    "string_too_long": lambda d: f"is longer than {d.get('ctx', {}).get('max_length')} characters",
    "string_pattern_mismatch": _pattern,
    "tuple_type": _list,
    "list_type": _list,
    "dict_type": _group,
    "model_type": _group,
    "model_attributes_type": _group,
    "too_short": lambda _: "needs at least one line",
    "literal_error": _one_of,
    "enum": _one_of,
    "bool_parsing": _yes_or_no,
    "bool_type": _yes_or_no,
    "int_parsing": _number,
    "int_type": _number,
    "int_from_float": _number,
    "int_parsing_size": _number,
    "greater_than_equal": lambda d: f"must be {d.get('ctx', {}).get('ge')} or more",
    "less_than_equal": lambda d: f"must be {d.get('ctx', {}).get('le')} or less",
    "date_type": _date,
    "date_parsing": _date,
    "date_from_datetime_parsing": _date,
    "date_from_datetime_inexact": _date,
    "time_type": _time,
    "time_parsing": _time,
}


def sort_problems(problems: list[Problem]) -> list[Problem]:
    """In file and line order, each once."""
    return sorted(set(problems), key=lambda p: (p.file, p.line or 0, p.text))


def drop_empty(value: Value) -> Value:
    """`value` without keys that have nothing after the colon: a key whose list is all comments counts as not given."""
    if isinstance(value, dict):
        return {key: drop_empty(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [drop_empty(inner) for inner in value]
    return value
