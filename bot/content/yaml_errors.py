"""What PyYAML complains about, as a sentence with a remedy for somebody who has never heard of YAML."""

import re

import yaml

_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"mapping values are not allowed",
        "there is a colon where none is expected; put text that contains ': ' into \"double quotes\", "
        "and check that the line begins under its neighbours",
    ),
    (
        r"while scanning a quoted scalar.*(unexpected end of stream|document separator)",
        "a quotation mark is opened here and never closed",
    ),
    (
        r"unknown escape character|expected escape sequence",
        "a backslash stands inside \"double quotes\"; write \\\\ or use 'single quotes'",
    ),
    (
        r"cannot start any token",
        "this begins with a sign that has a meaning of its own, such as @ ` or %; put the text into quotes",
    ),
    (r"could not find expected ':'", "a key without its colon; write key: text, and begin a list item with '- '"),
    (
        r"while parsing a flow (sequence|mapping)",
        "a [ or { is not closed with ] or }, or a comma is missing; put text that begins with one of them into quotes",
    ),
    (
        r"did not find expected|expected <block end>|expected the node content|sequence entries are not allowed",
        "this line does not fit the lines around it; check how far it is moved in, its dash, and its quotation marks",
    ),
    (r"undefined alias", "a text begins with *; put it into quotes"),
    (
        r"while scanning an? (alias|anchor)",
        "a text begins with * or &; put it into quotes",
    ),
    (r"while (parsing|scanning) (a|an) (tag|node)|tag handle", "a text begins with !; put it into quotes"),
    (
        r"while scanning a block scalar",
        "only | or > may stand after the colon here; the text begins on the next line, two spaces further in",
    ),
    (r"while scanning a directive|%YAML|%TAG", "a line begins with %; put the text into quotes"),
    (r"expected '<document start>'|document start", "this line stands outside of everything; check how it begins"),
)


def explain_yaml_error(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line (from 1) a person should look at, and what to do there."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return 1, "this is no readable text; save the file as plain UTF-8 text"
    mark = error.problem_mark or error.context_mark
    said = f"{error.context or ''} {error.problem or ''}"
    if "quoted scalar" in said and error.context_mark is not None:
        mark = error.context_mark  # the end of the file is where it was noticed, not where it is wrong
    line = 1 if mark is None else mark.line + 1
    for pattern, sentence in _REMEDIES:
        if re.search(pattern, said, re.DOTALL):
            return _last_written(line, text), sentence
    return _last_written(line, text), "this line cannot be read; compare it with the lines around it"


def _last_written(line: int, text: str) -> int:
    """`line`, or the last line before it with anything on it: errors at the end of a file point behind it."""
    written = [number for number, content in enumerate(text.split("\n"), start=1) if content.strip()]
    return max((number for number in written if number <= line), default=1)
