"""Structured logs: one line per event, bound to its request or task, redacted before anything is written."""

from __future__ import annotations

import secrets
import sys
import time
from typing import TYPE_CHECKING, Any

import structlog
from celery import signals

from config.redaction import flatten, redact, redact_fields, redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from django.http import HttpRequest, HttpResponseBase
    from structlog.typing import Processor, WrappedLogger

# Probes come every few seconds and say nothing.
_QUIET_PATHS = ("/healthz", "/readyz", "/static/")

_CHATTERERS = (
    *("celery.app.trace", "celery.worker.strategy", "fido2", "gunicorn.access", "httpcore", "httpx"),
    *("fontTools", "weasyprint"),
)

_log = structlog.stdlib.get_logger("kwit.request")


def redact_event(
    _logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Structlog processor: nothing after it sees a secret, and only a traceback has more than one line."""
    inner = {name: event.pop(name) for name in ("_record", "_from_structlog") if name in event}
    traces = {name: _redact_trace(event.pop(name)) for name in ("exception", "stack") if event.get(name)}
    message = redact(event.pop("event", ""))
    return {**redact_fields(event), "event": message, **traces, **inner}


def _redact_trace(text: str) -> str:
    return "\n".join(flatten(line) for line in redact_text(text).split("\n"))


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def logging_settings(*, as_json: bool, level: str) -> dict[str, Any]:
    """Return Django's LOGGING and point structlog at it: every logger ends in one formatter."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared_processors(),
                "processors": [
                    structlog.processors.StackInfoRenderer(),
                    structlog.processors.format_exc_info,
                    redact_event,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # They come with handlers of their own, which would write around the redaction.
            name: {"handlers": [], "propagate": True}
            for name in ("django", "django.server", "gunicorn.error", "celery")
        }
        | {
            # They tell whole addresses, or every tick of beat; the services tell what matters.
            name: {"level": "WARNING"}
            for name in _CHATTERERS
        },
    }


def request_log(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: give the request an id, bind it to every line, and say in one line how the request ended.

    The line names the route, not the path: paths of password resets are keys.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(_QUIET_PATHS):
            return get_response(request)
        structlog.contextvars.clear_contextvars()
        request_id = secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request=request_id)
        begun = time.monotonic()
        response = get_response(request)
        response.headers["X-Request-ID"] = request_id
        _log.info(
            "request",
            method=request.method,
            route=request.resolver_match.route if request.resolver_match else "",
            status=response.status_code,
            milliseconds=round((time.monotonic() - begun) * 1000),
        )
        return response

    return middleware


def connect_celery() -> None:
    """Leave logging as Django configured it, and bind each task's name and id to its lines."""
    signals.setup_logging.connect(_keep_logging, weak=False, dispatch_uid="kwit.logs")
    signals.task_prerun.connect(_bind_task, weak=False, dispatch_uid="kwit.logs")


def _keep_logging(**_signal: object) -> None:
    """Celery configures logging itself unless somebody listens here."""


def _bind_task(*, task_id: str, task: Any, **_signal: object) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
