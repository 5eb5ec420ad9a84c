"""A local Telegram to develop, demonstrate and test against. Start reading at `world.py`.

The bot's real client talks to it: in process through `SimulatorTransport(world)`, or over HTTP through
`create_app(world)`. Nothing outside the demo and the tests may import it.
"""

from bot.simulator.errors import ApiError, Impossible
from bot.simulator.events import Call, Event, EventKind
from bot.simulator.groups import Group, Member
from bot.simulator.limits import Limits
from bot.simulator.people import Person
from bot.simulator.server import api_routes, create_app
from bot.simulator.state import CallbackQuery, Chat, Message, Status, User
from bot.simulator.transport import SimulatorTransport, serving
from bot.simulator.world import TOKEN, World

__all__ = [
    "TOKEN",
    "ApiError",
    "Call",
    "CallbackQuery",
    "Chat",
    "Event",
    "EventKind",
    "Group",
    "Impossible",
    "Limits",
    "Member",
    "Message",
    "Person",
    "SimulatorTransport",
    "Status",
    "User",
    "World",
    "api_routes",
    "create_app",
    "serving",
]
