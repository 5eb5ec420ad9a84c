"""Files on the local Telegram's servers, and the media fields of a message made from them."""

import hashlib
import mimetypes
from pathlib import PurePath

from bot.simulator.errors import ApiError, bad_request
from bot.simulator.params import Params, Upload
from bot.simulator.state import Json, Media, StoredFile

MAX_UPLOAD = 50 * 1024 * 1024
"""Bytes a bot may upload (Bot API, "Sending files")."""
MAX_PHOTO = 10 * 1024 * 1024
MAX_DOWNLOAD = 20 * 1024 * 1024
"""Bytes a bot may download by getFile."""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cf500f0003860180c23a3fbd0000000049454e44ae426082"
)
"""A picture of one pixel, for people who send a photo."""
OGG = b"OggS\x00\x02" + bytes(58)
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF", b"BM")
_FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice", "video": "videos", "sticker": "stickers"}


class Shelf:
    """All files, by the id that sends them and by the path that serves them."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def put(self, kind: str, name: str, data: bytes) -> StoredFile:
        """Keep a file. Each upload gets an id of its own, even for equal bytes, as on Telegram."""
        number = len(self._by_id)
        digest = hashlib.sha256(b"%d:" % number + data).hexdigest()
        stored = StoredFile(
            file_id=f"{kind[:2].upper()}{number:04d}-{digest[:40]}",
            unique_id=hashlib.sha256(data).hexdigest()[:16],
            kind=kind,
            name=name,
            mime=mimetypes.guess_type(name)[0] or "application/octet-stream",
            data=data,
            path=f"{_FOLDERS[kind]}/file_{number}{PurePath(name).suffix}",
        )
        self._by_id[stored.file_id] = self._by_path[stored.path] = stored
        return stored

    def by_id(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        return self._by_path.get(path)


def sent_file(shelf: Shelf, kind: str, params: Params) -> StoredFile:
    """The file a call sends: an upload (by name or attach://), or the `file_id` of an earlier one. Raises ApiError."""
    value = params.text(kind)
    upload = params.files.get(value.removeprefix("attach://") if value.startswith("attach://") else kind)
    if upload is not None:
        _check_upload(kind, upload)
        return shelf.put(kind, upload.name, upload.data)
    if not value or value.startswith("attach://"):
        raise bad_request(f"there is no {kind} in the request")
    if value.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")  # the local Telegram has no internet
    stored = shelf.by_id(value)
    if stored is None:
        raise bad_request("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
    if stored.kind != kind:
        raise bad_request(f"can't use file of type {stored.kind.capitalize()} as {kind.capitalize()}")
    return stored


def _check_upload(kind: str, upload: Upload) -> None:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > MAX_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo":
        if len(upload.data) > MAX_PHOTO:
            size, most = len(upload.data), MAX_PHOTO
            raise bad_request(f"file of size {size} bytes is too big for a photo; the maximum size is {most} bytes")
        if not upload.data.startswith(_PICTURES):
            raise bad_request("IMAGE_PROCESS_FAILED")


def _base(stored: StoredFile) -> Json:
    return {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "file_size": len(stored.data)}


def photo(stored: StoredFile) -> Media:
    """Telegram lists several sizes, the biggest last; here there is one. Width and height are made up."""
    return Media("photo", [_base(stored) | {"width": 1280, "height": 960}], stored)


def document(stored: StoredFile) -> Media:
    return Media("document", _base(stored) | {"file_name": stored.name, "mime_type": stored.mime}, stored)


def voice(stored: StoredFile, seconds: int = 4) -> Media:
    return Media("voice", _base(stored) | {"duration": seconds, "mime_type": "audio/ogg"}, stored)


def video(stored: StoredFile, seconds: int = 4) -> Media:
    size: Json = {"width": 640, "height": 480, "duration": seconds, "mime_type": "video/mp4"}
    return Media("video", _base(stored) | size, stored)


def sticker(stored: StoredFile, emoji: str) -> Media:
    shape: Json = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return Media("sticker", _base(stored) | shape | {"emoji": emoji}, stored)


def contact(phone: str, first_name: str, user_id: int | None) -> Media:
    fields: Json = {"phone_number": phone, "first_name": first_name}
    return Media("contact", fields if user_id is None else fields | {"user_id": user_id})


def location(latitude: float, longitude: float) -> Media:
    return Media("location", {"latitude": latitude, "longitude": longitude})
