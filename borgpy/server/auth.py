"""Who is asking: bearer tokens, kept as hashes, and the rights that come with them."""

import hashlib
from enum import Enum
from pathlib import Path

import msgspec

from borgpy.errors import BorgError, NotAllowed


class Right(Enum):
    """What a token may be used for."""

    READ = "read"  # look at anything but other people's logs
    WRITE = "write"  # submit, change and kill one's own jobs
    ADMIN = "admin"  # everybody's jobs, quota, machines
    JOIN = "join"  # bring machines into the cell
    FETCH = "fetch"  # get packages: Borglets, by the cell's credential


class Token(msgspec.Struct, frozen=True):
    """One line of the tokens file: whose token hashes to ``sha256``, and what it may be used for."""

    user: str
    sha256: str
    rights: tuple[Right, ...]


class Principal(msgspec.Struct, frozen=True):
    """Who is asking, and what they may do."""

    user: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights or (Right.ADMIN in self.rights and right is not Right.FETCH)


class Unauthenticated(BorgError):
    """No token, or one that nobody has."""

    exit_code = 8


class Gate:
    """Knows the tokens of a cell."""

    def __init__(self, tokens: tuple[Token, ...], credential: str) -> None:
        self._principals = {
            token.sha256: Principal(token.user, frozenset(token.rights)) for token in tokens
        }
        self._principals[token_hash(credential)] = Principal("borglet", frozenset({Right.FETCH}))

    def principal(self, authorization: str | None) -> Principal:
        """Who sends this ``Authorization`` header; `Unauthenticated` if nobody we know."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated(
                "this needs a token",
                hint="send Authorization: Bearer TOKEN; borgcfg takes it from BORG_TOKEN or BORG_TOKEN_FILE",
            )
        principal = self._principals.get(token_hash(token.strip()))
        if principal is None:
            raise Unauthenticated(
                "nobody has this token", hint="it may have been replaced; ask an administrator"
            )
        return principal


def require(principal: Principal, rights: tuple[Right, ...]) -> None:
    """`NotAllowed` unless one of the rights is there."""
    if not any(principal.may(right) for right in rights):
        named = " or ".join(right.value for right in rights)
        raise NotAllowed(
            f"{principal.user} may not do this: it needs the right {named}",
            hint="ask an administrator of the cell",
        )


def require_owner(principal: Principal, user: str, deed: str) -> None:
    """`NotAllowed` unless what belongs to ``user`` is the principal's to deal with; ``deed`` is a verb with its object."""
    if user != principal.user and Right.ADMIN not in principal.rights:
        raise NotAllowed(
            f"{principal.user} may not {deed} of {user}",
            hint="name your own user with --user, or ask an administrator",
        )


def token_hash(token: str) -> str:
    """How a token is kept: its SHA-256 in hex. Tokens are random and long, so that no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(path: Path) -> tuple[Token, ...]:
    """The tokens file; `BorgError` says what is wrong with it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Token, ...])
    except OSError as error:
        raise BorgError(f"the tokens file cannot be read: {error}") from error
    except msgspec.DecodeError as error:
        raise BorgError(
            f"{path} is no tokens file: {error}",
            hint='it holds [{"user": "alice", "sha256": "<hash>", "rights": ["read", "write"]}]',
        ) from error


def read_secret(path: Path, what: str) -> str:
    """A secret kept in a file of its own."""
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BorgError(f"the {what} cannot be read: {error}") from error
    if not secret:
        raise BorgError(f"the {what} in {path} is empty")
    return secret
