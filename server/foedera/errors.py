"""Every failure worth telling a person: its words, its HTTP status and its exit code.

FoederaError
├── BadRequest            400   the request cannot be understood
│   └── QuerySyntax       400   SPARQL that does not parse
├── Unauthorized          401   it needs the token, and came without
├── Refused               403   understood, and never done here
├── NotFound              404
├── NotAllowed            405
├── NotAcceptable         406   none of the formats asked for is offered
├── Conflict              409   the data are not, or may not become, what the request needs
├── Overtaken             412   they are not what the client takes them for
├── TooLarge              413
├── UnsupportedMedia      415
├── Nonconforming         422   what it would make of the data has findings
├── TooMany               429   this client has had its share; Retry-After says when
├── EngineFailed          500   the worker ended on its own
├── NotChecked            500   whether what was sent conforms is not known
├── Unavailable           503   not now; Retry-After says when
│   └── TimedOut          503   past its deadline
├── BadGateway            502   a server asked on the way answered what is no answer
├── GatewayTimeout        504   it did not answer in time
├── NotKept               507   a change cannot be written to the folder
├── NotAPublication       exit 2   the folder or setting given cannot be used
├── DoesNotConform        exit 1   the folder has findings that stop publishing
└── CouldNotCheck         exit 3   the check itself could not be run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FoederaError(Exception):
    """Something went wrong in a way that a person can act on.

    ``detail`` says what happened, ``hint`` what to do about it.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, hint: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.detail}\n{self.hint}" if self.hint else self.detail


class BadRequest(FoederaError):
    status = 400
    title = "The request cannot be understood"


class QuerySyntax(BadRequest):
    title = "The query does not parse"


class Unauthorized(FoederaError):
    status = 401
    title = "This needs the token"


class Refused(FoederaError):
    status = 403
    title = "This is not done here"


class NotFound(FoederaError):
    status = 404
    title = "There is nothing here"


class NotAllowed(FoederaError):
    status = 405
    title = "This method is not offered here"


class NotAcceptable(FoederaError):
    status = 406
    title = "None of the formats you accept is offered"


class Conflict(FoederaError):
    status = 409
    title = "This cannot be done to the data as they are"


class Overtaken(FoederaError):
    status = 412
    title = "The data have changed meanwhile"


class TooLarge(FoederaError):
    status = 413
    title = "Too large"


class UnsupportedMedia(FoederaError):
    status = 415
    title = "This media type is not read here"


class Nonconforming(FoederaError):
    """A change was refused by the rules; ``findings`` say why, as `check.Finding` has it."""

    status = 422
    title = "The change does not conform"

    def __init__(
        self,
        detail: str,
        hint: str = "",
        retry_after: int | None = None,
        findings: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail, hint, retry_after)
        self.findings = tuple(findings)


class TooMany(FoederaError):
    status = 429
    title = "Too many requests"


class EngineFailed(FoederaError):
    status = 500
    title = "The query engine could not finish"


class NotChecked(FoederaError):
    status = 500
    title = "The check could not be brought to its end"


class Unavailable(FoederaError):
    status = 503
    title = "Not available at the moment"


class TimedOut(Unavailable):
    title = "Out of time"


class BadGateway(FoederaError):
    status = 502
    title = "A server behind this one does not answer as it should"


class GatewayTimeout(FoederaError):
    status = 504
    title = "The engine behind this site is too slow"


class NotKept(FoederaError):
    status = 507
    title = "The change cannot be kept"


class NotAPublication(FoederaError):
    exit_code = 2
    title = "This cannot be published"


class DoesNotConform(FoederaError):
    exit_code = 1
    title = "The publication does not conform"


class CouldNotCheck(FoederaError):
    """``shape`` is the shape that is at fault, in N-Triples, where one is known."""

    exit_code = 3
    title = "The check could not be run"

    def __init__(
        self, detail: str, hint: str = "", retry_after: int | None = None, shape: str = ""
    ) -> None:
        super().__init__(detail, hint, retry_after)
        self.shape = shape


BY_NAME: dict[str, type[FoederaError]] = {
    kind.__name__: kind
    for kind in (
        BadRequest,
        QuerySyntax,
        Unauthorized,
        Refused,
        NotFound,
        NotAllowed,
        NotAcceptable,
        Conflict,
        Overtaken,
        TooLarge,
        UnsupportedMedia,
        Nonconforming,
        TooMany,
        EngineFailed,
        NotChecked,
        Unavailable,
        TimedOut,
        BadGateway,
        GatewayTimeout,
        NotKept,
    )
}
"""The errors that may cross from a worker process to the server, which raises them again."""
