"""Named scripts: those that come with the simulator, and those that a test or a demo has saved."""

from dataclasses import dataclass
from typing import Any, Final

_API: Final = {"path_regex": "^/v2/"}


@dataclass(frozen=True, slots=True)
class Script:
    """`faults` is what POST /_control/faults takes."""

    name: str
    description: str
    faults: list[dict[str, Any]]
    is_built_in: bool = False


def _built_in(name: str, description: str, *faults: dict[str, Any]) -> Script:
    return Script(name, description, list(faults), is_built_in=True)


BUILT_IN: Final = {
    script.name: script
    for script in (
        _built_in(
            "gateway-storm",
            "Half an hour in which half of all calls end with a gateway's page or a 5xx.",
            {
                "match": _API,
                "action": "html",
                "status": 502,
                "probability": 0.2,
                "seed": 1,
                "for_seconds": 1800,
            },
            {
                "match": _API,
                "action": "status",
                "status": 503,
                "probability": 0.2,
                "seed": 2,
                "for_seconds": 1800,
            },
            {
                "match": _API,
                "action": "html_after",
                "status": 504,
                "probability": 0.2,
                "seed": 3,
                "for_seconds": 1800,
            },
        ),
        _built_in(
            "too-many-requests",
            "Three 429 one after another: Retry-After in seconds, as a date, and none.",
            {
                "sequence": [
                    {"match": _API, "action": "limited", "retry_after": 30},
                    {"match": _API, "action": "limited", "retry_after": 30, "as": "date"},
                    {"match": _API, "action": "limited", "as": "absent"},
                ]
            },
        ),
        _built_in(
            "lost-answers",
            "Every fifth call is carried out and its answer is lost, every tenth never arrives; for ten minutes.",
            {"match": _API, "action": "drop_after", "probability": 0.2, "seed": 1, "for_seconds": 600},
            {"match": _API, "action": "drop_before", "probability": 0.1, "seed": 2, "for_seconds": 600},
        ),
        _built_in(
            "slow",
            "Every call takes between two and twenty-five seconds; for ten minutes.",
            {"match": _API, "action": "delay", "seconds": 2, "up_to": 25, "seed": 1, "for_seconds": 600},
        ),
        _built_in(
            "newer-ksef",
            "Answers of a version to come: members, status codes and values that nobody knows yet.",
            {
                "match": {"method": "GET", "path_regex": "^/v2/sessions/"},
                "action": "rewrite",
                "changes": [
                    {"at": "status.code", "value": 299},
                    {"at": "invoices.*.status.code", "value": 299},
                    {"at": "invoicingMode", "value": "FutureValue"},
                ],
                "times": 5,
            },
            {"match": _API, "action": "extra_fields", "times": 0},
        ),
        _built_in(
            "keys-rotate",
            "Just before the second session is opened the old key is withdrawn and another takes its place.",
            {
                "match": {"method": "POST", "path_regex": "^/v2/sessions/(online|batch)$"},
                "action": "control",
                "operation": {"path": "/_control/keys", "body": {"mode": "emergency"}},
                "after": 1,
            },
        ),
        _built_in(
            "expiring",
            "The third invoice finds its session ended, the sixth an access token that has expired.",
            {
                "match": {"method": "POST", "path_regex": "/invoices$"},
                "action": "control",
                "operation": {"path": "/_control/sessions/expire"},
                "after": 2,
            },
            {
                "match": {"method": "POST", "path_regex": "/invoices$"},
                "action": "control",
                "operation": {"path": "/_control/logins/expire", "body": {"kind": "access"}},
                "after": 4,
            },
        ),
    )
}
