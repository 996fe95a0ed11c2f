"""Who may change what is kept, and who asks: keys, the server's own names, and requests of other sites.

A key is 32 random bytes. The file of keys holds only its SHA-256: a slow hash is for what a person can remember and
another can guess, and of 2**256 keys nobody guesses one.

Without a file of keys, writing is open to whoever asks over loopback on his own behalf, and to nobody else: where a
request came in at another address, through a proxy, or nobody can tell, a key is required.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import socket
import stat
from base64 import b64decode
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from guiju.service.headers import POSTED
from guiju.service.problems import Problem, answered
from guiju.service.settings import BadSettings, settings

_LINE = re.compile(r"(?P<hash>[0-9a-f]{64}) +(?P<name>[\w.-]{1,60})")
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_SAFE = ("GET", "HEAD", "OPTIONS")


def new_key(name: str) -> tuple[str, str]:
    """A new key, and the line that the file of keys is to hold for it. ValueError for a name that is no plain word."""
    key = f"guiju_{token_urlsafe(32)}"
    line = f"{_hash(key)} {name}"
    if not _LINE.fullmatch(line):
        raise ValueError(
            f"{name!r}: 名称只含字母、数字、._-，至多 60 个。 A name has letters, digits and ._- only, at most 60."
        )
    return key, line


def check(host: str | None = None) -> None:
    """Refuse a start that would not be safe: BadSettings for keys that cannot be used, or none where some are needed.

    ``host`` is the address to be listened on, where it is known.
    """
    known = _keys()
    if settings().keys_file is not None and not known:
        raise BadSettings(
            f"GUIJU_KEYS_FILE={settings().keys_file}: 文件里没有密钥。 The file holds no key; see guiju key."
        )
    if host is not None and not known and settings().writing == "on" and not _only_loopback(host):
        raise BadSettings(
            f"--host {host}: 回环地址以外须有密钥：设 GUIJU_KEYS_FILE（见 guiju key），或设 GUIJU_WRITING=off。 "
            "Beyond loopback keys are required: set GUIJU_KEYS_FILE (see guiju key), or GUIJU_WRITING=off."
        )


async def trusted(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False, scheme_name="key"))] = None,
) -> str:
    """A dependency of routes that show what is others': the name of the key that was given, empty for a local asker.

    A key comes as ``Authorization: Bearer`` or as the password of Basic, of any user. Problem 401 without one
    that is known, 403 where a key is required and the operator has set none.
    """
    try:
        known = _keys()
    except BadSettings as wrong:
        raise Problem(503, "keys", f"密钥文件不可用。 The file of keys cannot be used: {wrong}") from None
    if not known:
        if settings().keys_file is None and _own(request.scope):
            return ""
        raise Problem(
            403,
            "keys-required",
            "这需要密钥，而本服务没有设置密钥（GUIJU_KEYS_FILE）。 "
            "This needs a key, and the operator of this service has set none (GUIJU_KEYS_FILE).",
        )
    given = _given(request.headers.get("authorization", ""))
    found = _named(known, given) if given else None
    if found is None:
        api = request.scope["path"].removeprefix(request.scope.get("root_path", "")).startswith("/api/")
        challenge = 'Bearer realm="guiju"' if api else 'Basic realm="guiju", charset="UTF-8"'
        raise Problem(
            401,
            "key",
            "密钥不对。 This key is not known."
            if given
            else "这需要密钥。 This needs a key: as Authorization: Bearer …, or as the password of any user.",
            {"WWW-Authenticate": challenge},
        )
    request.state.key = found
    return found


async def writing(name: Annotated[str, Depends(trusted)]) -> str:
    """The dependency of every route that keeps, changes or deletes: as ``trusted``, and 403 where writing is off.

    ``@router.delete(…, dependencies=[Depends(writing)])``, or ``who: Annotated[str, Depends(writing)]`` for the name
    of the key. It does not ask where the request comes from: ``Asked`` has refused other sites before.
    """
    if settings().writing == "off":
        raise Problem(
            403,
            "writing-off",
            "本服务不保存任何内容（GUIJU_WRITING=off）。 This service keeps nothing (GUIJU_WRITING=off).",
        )
    return name


class Asked:
    """The layer that refuses requests to names that are not the server's, and what other sites have a browser send.

    On loopback only loopback names are answered, and those in GUIJU_HOSTS: a page elsewhere whose name is made to
    lead here (DNS rebinding) would otherwise be of our origin. Where GUIJU_HOSTS is set it counts at any address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = scope["type"] == "http" and self._refused(scope)
        if refused:
            status, code, detail = refused
            await answered(Request(scope), status, detail, code=code)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refused(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        hosts = settings().hosts
        loopback = _loopback((scope.get("server") or ("",))[0])
        names = {_name(each) for each in headers.getlist("host")}
        if (hosts or loopback) and any(name not in hosts and not (loopback and _loopback(name)) for name in names):
            return (
                421,
                "host",
                "本服务不以此名称提供；如属应有，请列入 GUIJU_HOSTS。 "
                "This server does not go by that name; if it should, its operator lists it in GUIJU_HOSTS.",
            )
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] not in _SAFE and path != POSTED and _elsewhere(headers):
            return 403, "cross-site", "拒绝其他网站发来的请求。 What another site has a browser send is refused."
        return None


def _elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site had it send this; programs say nothing of the kind."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


def _own(scope: Scope) -> bool:
    """Whether somebody asks on this very machine, at a loopback name, and not on behalf of another."""
    headers = Headers(scope=scope)
    ends = [(scope.get(end) or ("",))[0] for end in ("server", "client")]
    names = {_name(each) for each in headers.getlist("host")}
    return bool(names) and all(map(_loopback, [*ends, *names])) and not any(name in headers for name in _FORWARDED)


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::[0-9]{1,5})?", host.strip())
    return found[1].lower().strip("[]").removesuffix(".") if found else "?"


def _loopback(name: object) -> bool:
    """Whether an address or a name is of this machine alone."""
    text = str(name)
    if text == "localhost" or text.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _only_loopback(host: str) -> bool:
    """Whether listening on a host listens on loopback only."""
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise BadSettings(f"--host {host}: {error.strerror}") from None
    return all(_loopback(each[4][0]) for each in found)


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _given(header: str) -> str:
    """The key in an Authorization header; empty where there is none that can be read."""
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest
    if scheme.lower() == "basic":
        try:
            return b64decode(rest, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


def _named(known: Iterable[tuple[str, str]], key: str) -> str | None:
    """The name of a key; every line is compared, and each in the same time, so that nothing is learnt from the time."""
    digest, found = _hash(key), None
    for held, name in known:
        if hmac.compare_digest(held, digest):
            found = name
    return found


def _keys() -> tuple[tuple[str, str], ...]:
    """The hash and name of every key; read anew when the file has changed, so that a key can be withdrawn at once."""
    file = settings().keys_file
    if file is None:
        return ()
    try:
        is_ = os.stat(file)
    except OSError as error:
        raise BadSettings(f"GUIJU_KEYS_FILE={file}: {error.strerror}") from None
    return _read(file, is_.st_mtime_ns, is_.st_size, is_.st_ino, is_.st_mode)


@lru_cache(maxsize=1)
def _read(file: Path, _changed: int, _size: int, _inode: int, mode: int) -> tuple[tuple[str, str], ...]:
    if mode & stat.S_IWOTH:
        raise BadSettings(f"GUIJU_KEYS_FILE={file}: 任何人都能改写此文件。 Anyone may write to it; chmod o-w.")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadSettings(f"GUIJU_KEYS_FILE={file}: 无法读取。 It cannot be read.") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            parts = _LINE.fullmatch(line.strip())
            if not parts:
                raise BadSettings(
                    f"GUIJU_KEYS_FILE={file}:{number}: 每行应为 SHA-256 与名称（见 guiju key）。 "
                    "A line is a SHA-256 in hexadecimal and a name (see guiju key)."
                )
            found.append((parts["hash"], parts["name"]))
    return tuple(found)
