"""The parameters of one Bot API call: query string, form, multipart or JSON body, read as Telegram reads them."""

import json
from dataclasses import dataclass
from email.message import Message as HeaderParser
from urllib.parse import parse_qsl

from bot.simulator.errors import bad_request


@dataclass(frozen=True)
class Upload:
    """A file that came with the call."""

    name: str
    data: bytes


class Params:
    """Values by name; every value is text, as in Telegram's server, JSON values included."""

    def __init__(self, values: dict[str, str], files: dict[str, Upload]) -> None:
        self.values = values
        self.files = files

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def integer(self, name: str, default: int = 0) -> int:
        """The number, or `default` when it is missing or no number."""
        try:
            return int(self.values[name])
        except (KeyError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Telegram takes "true", "yes" and "1" for true (td::to_bool)."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str, error: str) -> object:
        """The decoded value, None when absent. Raises ApiError with `error` when it is not JSON."""
        if not self.values.get(name):
            return None
        try:
            value: object = json.loads(self.values[name])
        except ValueError:
            raise bad_request(error) from None
        return value

    def user_id(self) -> int:
        """Raises ApiError when `user_id` is no positive number."""
        user_id = self.integer("user_id")
        if user_id <= 0:
            raise bad_request("invalid user_id specified")
        return user_id

    def recorded(self) -> dict[str, str]:
        """What `world.calls` keeps: the values, and for a file its name."""
        return {**self.values, **{name: upload.name for name, upload in self.files.items()}}


def read_params(query: str, content_type: str, body: bytes) -> Params:
    """Parameters of a request. Raises ApiError 400 for a body that cannot be read."""
    values = dict(parse_qsl(query, keep_blank_values=True))
    files: dict[str, Upload] = {}
    if content_type.startswith("application/x-www-form-urlencoded"):
        values |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    elif content_type.startswith("multipart/form-data"):
        _read_multipart(content_type, body, values, files)
    elif content_type.startswith("application/json"):
        values |= _read_json(body)
    return Params(values, files)


def _read_json(body: bytes) -> dict[str, str]:
    try:
        decoded = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(decoded, dict):
        raise bad_request("request must be a JSON object")
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in decoded.items()}


def _read_multipart(content_type: str, body: bytes, values: dict[str, str], files: dict[str, Upload]) -> None:
    """Split the body at its boundary (RFC 7578); the bytes of files are kept as they are."""
    boundary = _header_parameter(content_type, "boundary")
    if not boundary:
        raise bad_request("boundary not found")
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            continue  # the closing "--"
        headers = _headers(head.decode("utf-8", "replace"))
        disposition = headers.get("content-disposition", "")
        name = _header_parameter(disposition, "name")
        filename = _header_parameter(disposition, "filename")
        if filename:
            files[name] = Upload(filename, content)
        else:
            values[name] = content.decode("utf-8", "replace")


def _headers(head: str) -> dict[str, str]:
    lines = (line.partition(":") for line in head.split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _header_parameter(header: str, name: str) -> str:
    parser = HeaderParser()
    parser["content-disposition"] = header
    value = parser.get_param(name, "", header="content-disposition")
    return value if isinstance(value, str) else value[2]
