"""Every failure worth telling a person: its words, its HTTP status and its exit code.

FoederaError
├── BadRequest            400   the request cannot be understood
│   └── QuerySyntax       400   SPARQL that does not parse
├── Refused               403   understood, and never done here
├── NotFound              404
├── NotAllowed            405
├── NotAcceptable         406   none of the formats asked for is offered
├── TooLarge              413
├── UnsupportedMedia      415
├── EngineFailed          500   the worker ended on its own
├── Unavailable           503   not now; Retry-After says when
│   └── TimedOut          503   past its deadline
├── NotAPublication       exit 2   the folder or setting given cannot be used
├── DoesNotConform        exit 1   the folder has findings that stop publishing
└── CouldNotCheck         exit 3   the check itself could not be run
"""

from __future__ import annotations

from typing import ClassVar


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


class TooLarge(FoederaError):
    status = 413
    title = "Too large"


class UnsupportedMedia(FoederaError):
    status = 415
    title = "This media type is not read here"


class EngineFailed(FoederaError):
    status = 500
    title = "The query engine could not finish"


class Unavailable(FoederaError):
    status = 503
    title = "Not available at the moment"


class TimedOut(Unavailable):
    title = "Out of time"


class NotAPublication(FoederaError):
    exit_code = 2
    title = "This cannot be published"


class DoesNotConform(FoederaError):
    exit_code = 1
    title = "The publication does not conform"


class CouldNotCheck(FoederaError):
    exit_code = 3
    title = "The check could not be run"


BY_NAME: dict[str, type[FoederaError]] = {
    kind.__name__: kind
    for kind in (
        BadRequest,
        QuerySyntax,
        Refused,
        NotFound,
        NotAllowed,
        NotAcceptable,
        TooLarge,
        UnsupportedMedia,
        EngineFailed,
        Unavailable,
        TimedOut,
    )
}
"""The errors that may cross from a worker process to the server, which raises them again."""
