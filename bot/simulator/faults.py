"""Things that go wrong between the bot and Telegram, on order.

    world.faults.add(too_many(3), method="sendMessage", chat_id=7)         # once, the next fitting call
    world.faults.add(lose_answer(), method="sendMessage", times=2, skip=1)  # the second and third
    world.faults.add(server_error(502), probability=0.1, times=None)        # one in ten, until cleared

Probability draws from a generator with a fixed seed, so that a run can be repeated.
"""

import random
from dataclasses import dataclass, field

import httpx

from bot.simulator.errors import ApiError, bad_request, forbidden, too_many_requests


@dataclass(frozen=True)
class Fault:
    """What happens to one call. With `acted` Telegram does its part first and only the answer is spoilt."""

    acted: bool = False
    error: ApiError | None = None
    """Answer with this refusal."""
    drop: type[httpx.TransportError] | None = None
    """No answer: in process the caller gets this exception, over a socket the connection closes."""
    raw: tuple[int, bytes] | None = None
    """Answer with this status and body, whatever they mean."""
    delay_s: float = 0.0
    """Let this much real time pass; the call then goes on (to the next fault, or as usual)."""


def too_many(retry_after: int) -> Fault:
    """429 with `retry_after` seconds."""
    return Fault(error=too_many_requests(retry_after))


def server_error(code: int = 502, *, acted: bool = False) -> Fault:
    """5xx in the HTML of a proxy, as Telegram's front servers send it; not JSON."""
    page = f"<html><head><title>{code}</title></head><body>nginx</body></html>".encode()
    return Fault(raw=(code, page), acted=acted)


def refuse(description: str) -> Fault:
    """400 with this description (without "Bad Request: ")."""
    return Fault(error=bad_request(description))


def forbid(description: str = "bot was blocked by the user") -> Fault:
    """403 with this description (without "Forbidden: ")."""
    return Fault(error=forbidden(description))


def unauthorized() -> Fault:
    """401, as after the token was revoked."""
    return Fault(error=ApiError(401, "Unauthorized"))


def no_connection(drop: type[httpx.TransportError] = httpx.ConnectError) -> Fault:
    """The call surely never reached Telegram: ConnectError, ConnectTimeout or PoolTimeout."""
    return Fault(drop=drop)


def lose_request(drop: type[httpx.TransportError] = httpx.WriteError) -> Fault:
    """The connection breaks before Telegram acts; the caller cannot know that (WriteError, ReadError, …)."""
    return Fault(drop=drop)


def lose_answer(drop: type[httpx.TransportError] = httpx.ReadTimeout) -> Fault:
    """Telegram acts, its answer never arrives (ReadTimeout, ReadError, RemoteProtocolError)."""
    return Fault(drop=drop, acted=True)


def delay(seconds: float, *, acted: bool = False) -> Fault:
    """The answer takes this long; with `acted` the effect comes first."""
    return Fault(delay_s=seconds, acted=acted)


def garbage(body: bytes = b"\x00not json", status: int = 200, *, acted: bool = False) -> Fault:
    """An answer nobody can read."""
    return Fault(raw=(status, body), acted=acted)


@dataclass(eq=False)
class Rule:
    """When a fault strikes: on calls that fit, after `skip` of them, `times` times (None: until cleared)."""

    fault: Fault
    method: str | None = None
    chat_id: int | None = None
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    struck: int = 0
    """How often it has."""
    _seen: int = field(default=0, repr=False)

    def strikes(self, method: str, chat_id: int | None, chance: random.Random) -> bool:
        """Whether this call is hit; counts it."""
        if self.method is not None and self.method.lower() != method.lower():
            return False
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.times is not None and self.struck >= self.times):
            return False
        if self.probability < 1 and chance.random() >= self.probability:
            return False
        self.struck += 1
        return True


class FaultPlan:
    """The rules in force, asked once for each call, in the order they were added."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: list[Rule] = []
        self._chance = random.Random(seed)

    def add(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        chat_id: int | None = None,
        skip: int = 0,
        times: int | None = 1,
        probability: float = 1.0,
    ) -> Rule:
        """Put a rule in force. Without `method` it hits every method, getUpdates too."""
        rule = Rule(fault, method, chat_id, skip, times, probability)
        self.rules.append(rule)
        return rule

    def clear(self, rule: Rule | None = None) -> None:
        """Take back one rule, or all."""
        self.rules = [kept for kept in self.rules if rule is not None and kept is not rule]

    def strike(self, method: str, chat_id: int | None) -> list[Fault]:
        """The faults of this call: delays, and at most one that ends it."""
        struck: list[Fault] = []
        for rule in self.rules:
            if rule.strikes(method, chat_id, self._chance):
                struck.append(rule.fault)
                if not rule.fault.delay_s:
                    break
        return struck
