"""Bot API methods about the bot itself, its files, and how it gets updates."""

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.simulator import wire
from bot.simulator.access import find_chat
from bot.simulator.errors import bad_request
from bot.simulator.events import Event, EventKind
from bot.simulator.media import MAX_DOWNLOAD
from bot.simulator.params import Params
from bot.simulator.state import Json
from bot.simulator.updates import MAX_BATCH, Webhook

if TYPE_CHECKING:
    from bot.simulator.world import World

MAX_COMMANDS = 100
MAX_LENGTHS = {"name": 64, "description": 512, "short_description": 120}
"""Characters (Bot API, setMyName, setMyDescription, setMyShortDescription)."""
WEBHOOK_PORTS = frozenset({443, 80, 88, 8443})
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def get_me(world: "World", params: Params) -> Json:
    return wire.user(world.bot_user) | {
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all_group_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


# --- updates -------------------------------------------------------------------------------------------------------


async def get_updates(world: "World", params: Params) -> list[Json]:
    _set_allowed(world, params)
    updates = await world.updates.read(
        params.integer("offset"), params.integer("limit", MAX_BATCH), params.integer("timeout")
    )
    return [update.json() for update in updates]


def set_webhook(world: "World", params: Params) -> bool:
    """An empty url removes it. Plain http and any port are allowed for this machine alone, as for a local server."""
    if params.flag("drop_pending_updates"):
        world.updates.drop_pending()
    url, secret = params.text("url"), params.text("secret_token")
    if not url:
        return _remove_webhook(world)
    _check_webhook_url(url)
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    _set_allowed(world, params)
    connections = min(max(params.integer("max_connections", 40), 1), 100)
    world.updates.set_webhook(Webhook(url, secret, connections, params.text("ip_address") or "127.0.0.1"))
    world.delivery.start()
    return True


def delete_webhook(world: "World", params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        world.updates.drop_pending()
    return _remove_webhook(world)


def _remove_webhook(world: "World") -> bool:
    world.updates.set_webhook(None)
    world.delivery.stop()
    return True


def _check_webhook_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise bad_request("invalid webhook URL specified") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise bad_request("invalid webhook URL specified")
    if host in _LOOPBACK:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in WEBHOOK_PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def get_webhook_info(world: "World", params: Params) -> Json:
    webhook = world.updates.webhook
    pending = len(world.updates.pending)
    if webhook is None:
        return {"url": "", "has_custom_certificate": False, "pending_update_count": pending}
    out: Json = {"url": webhook.url, "has_custom_certificate": False, "pending_update_count": pending}
    if webhook.last_error_us is not None:
        out |= {"last_error_date": wire.unix(webhook.last_error_us), "last_error_message": webhook.last_error}
    out |= {"max_connections": webhook.max_connections, "ip_address": webhook.ip_address}
    if world.updates.allowed:
        out["allowed_updates"] = sorted(world.updates.allowed)
    return out


def _set_allowed(world: "World", params: Params) -> None:
    """`allowed_updates` stays in force until it is given again; an empty list is the default set."""
    if "allowed_updates" not in params:
        return
    kinds = params.json("allowed_updates", "can't parse allowed_updates JSON object")
    if not isinstance(kinds, list):
        raise bad_request("expected an Array of String as allowed_updates")
    world.updates.allowed = frozenset(str(kind) for kind in kinds)


# --- profile -------------------------------------------------------------------------------------------------------


def set_my_commands(world: "World", params: Params) -> bool:
    given = params.json("commands", "can't parse commands JSON object")
    if not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    if len(given) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [_read_command(command) for command in given]
    world.profile["commands", _scope(world, params)] = commands
    world.emit(Event(EventKind.PROFILE, detail="commands"))
    return True


def _read_command(command: object) -> Json:
    if not isinstance(command, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name, description = str(command.get("command", "")).removeprefix("/"), str(command.get("description", ""))
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not description.strip():
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(description) > 256:
        raise bad_request("command description length must not exceed 256")
    return {"command": name, "description": description}


def get_my_commands(world: "World", params: Params) -> object:
    """The commands of exactly this scope and language; Telegram's clients, not the API, fall back to wider scopes."""
    return world.profile.get(("commands", _scope(world, params)), [])


def delete_my_commands(world: "World", params: Params) -> bool:
    world.profile.pop(("commands", _scope(world, params)), None)
    world.emit(Event(EventKind.PROFILE, detail="commands"))
    return True


def _scope(world: "World", params: Params) -> str:
    """Scope and language as one key. Raises ApiError for a chat the bot does not know."""
    scope = params.json("scope", "can't parse BotCommandScope JSON object") or {"type": "default"}
    if not isinstance(scope, dict) or "type" not in scope:
        raise bad_request("can't parse BotCommandScope: BotCommandScope must be an Object")
    if "chat_id" in scope:
        find_chat(world, Params({"chat_id": str(scope["chat_id"])}, {}))
    return json.dumps(scope, sort_keys=True) + params.text("language_code")


def set_my_name(world: "World", params: Params) -> bool:
    return _set_profile(world, params, "name")


def set_my_description(world: "World", params: Params) -> bool:
    return _set_profile(world, params, "description")


def set_my_short_description(world: "World", params: Params) -> bool:
    return _set_profile(world, params, "short_description")


def get_my_name(world: "World", params: Params) -> Json:
    return {"name": world.profile.get(("name", params.text("language_code")), world.bot_user.first_name)}


def get_my_description(world: "World", params: Params) -> Json:
    return {"description": world.profile.get(("description", params.text("language_code")), "")}


def get_my_short_description(world: "World", params: Params) -> Json:
    return {"short_description": world.profile.get(("short_description", params.text("language_code")), "")}


def _set_profile(world: "World", params: Params, what: str) -> bool:
    text = params.text(what)
    if len(text) > MAX_LENGTHS[what]:
        raise bad_request(f"{what.replace('_', ' ')} is too long")
    if text:
        world.profile[what, params.text("language_code")] = text
    else:
        world.profile.pop((what, params.text("language_code")), None)
    world.emit(Event(EventKind.PROFILE, detail=what))
    return True


# --- files ---------------------------------------------------------------------------------------------------------


def get_file(world: "World", params: Params) -> Json:
    """Where to download a file, up to 20 MB."""
    if not params.text("file_id"):
        raise bad_request("file_id not specified")
    stored = world.files.by_id(params.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    if len(stored.data) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return wire.file(stored) | {"file_path": stored.path}
