"""Addresses of the test data of TEST; the environments without them do not know these addresses."""

from typing import Final

from ksef.simulator.routing import Route
from ksef.simulator.testdata import consents, grants, persons, subjects

_ROOT: Final = "/v2/testdata"

ROUTES: Final = (
    Route("POST", f"{_ROOT}/subject", subjects.create_subject, group="anonymous"),
    Route("POST", f"{_ROOT}/subject/remove", subjects.remove_subject, group="anonymous"),
    Route("POST", f"{_ROOT}/person", persons.create_person, group="anonymous"),
    Route("POST", f"{_ROOT}/person/remove", persons.remove_person, group="anonymous"),
    Route("POST", f"{_ROOT}/permissions", grants.grant_permissions, group="anonymous"),
    Route("POST", f"{_ROOT}/permissions/revoke", grants.revoke_permissions, group="anonymous"),
    Route("POST", f"{_ROOT}/attachment", consents.allow_attachments, group="anonymous"),
    Route("POST", f"{_ROOT}/attachment/revoke", consents.end_attachments, group="anonymous"),
    Route("POST", f"{_ROOT}/context/block", consents.block_context),
    Route("POST", f"{_ROOT}/context/unblock", consents.unblock_context),
)
