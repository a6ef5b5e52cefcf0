"""What helps after each code that KSeF answers with, one table for each place where codes come from.

The same number means different things in different places, so a code is always asked about with its `Area`.
ksef.status says where a thing stands; this says who has to do something.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Remedy(Enum):
    WAIT = "wait"  # Still being worked on: ask again.
    DONE = "done"  # There is nothing left to do.
    RETRY = "retry"  # KSeF's own or passing trouble: the same again, later.
    BEGIN_ANEW = "begin anew"  # The same data in a new login, session, package or query.
    NEW_CREDENTIAL = "new credential"  # A person must give another certificate or token.
    FIX_DATA = "fix data"  # A person must change what was sent; the details say where.
    TELL_HUMAN = "tell a human"  # Rights, limits, consents, blocks: nothing that can be mended from here.
    REPORT = "report"  # A fault of this program; tell those who make it.


class Area(Enum):
    REFUSAL = "refusal"  # `Refused.code` of an HTTP answer, other than one to a login.
    LOGIN = "login"
    SESSION = "session"
    INVOICE = "invoice"
    EXPORT = "export"
    ENROLLMENT = "enrollment"
    PERMISSION = "permission"


def _table(**codes: tuple[int, ...]) -> Mapping[int, Remedy]:
    return MappingProxyType({code: Remedy[name] for name, listed in codes.items() for code in listed})


_TABLES: Mapping[Area, Mapping[int, Remedy]] = MappingProxyType(
    {
        # 415 no rights in the context, 425 ended by its user, 450 the token, 460 the certificate, 470 the dead,
        # 480 suspicion of an incident (section 2.4).
        Area.LOGIN: _table(
            WAIT=(100,),
            DONE=(200,),
            RETRY=(500, 550),
            BEGIN_ANEW=(425,),
            NEW_CREDENTIAL=(450, 460),
            TELL_HUMAN=(415, 470, 480),
        ),
        # 445: each invoice has its own reason (section 4.5).
        Area.SESSION: _table(
            WAIT=(100, 150, 170),
            DONE=(200,),
            RETRY=(500,),
            BEGIN_ANEW=(405, 415, 420, 430, 435, 440),
            FIX_DATA=(445,),
        ),
        # 410 rights, 415 consent to attachments, 440 a duplicate, which may be our own (section 4.5).
        Area.INVOICE: _table(
            WAIT=(100, 150),
            DONE=(200,),
            RETRY=(500, 550),
            BEGIN_ANEW=(405, 435),
            FIX_DATA=(430, 440, 450),
            TELL_HUMAN=(410, 415),
        ),
        # 420: the window begins after what is complete (section 7.3).
        Area.EXPORT: _table(
            WAIT=(100,),
            DONE=(200,),
            RETRY=(420, 500, 550),
            BEGIN_ANEW=(210, 415),
        ),
        # 400: the key is somebody else's, or there are too many certificates (section 3).
        Area.ENROLLMENT: _table(
            WAIT=(100,),
            DONE=(200,),
            RETRY=(500, 550),
            TELL_HUMAN=(400,),
        ),
        # 420: whoever grants has not the right to (section 11).
        Area.PERMISSION: _table(
            WAIT=(100,),
            DONE=(200,),
            RETRY=(500, 550),
            FIX_DATA=(410, 430, 440, 450),
            TELL_HUMAN=(400, 420),
        ),
        Area.REFUSAL: _table(
            # 25009 revoked already, 30001 test data that exist already.
            DONE=(25009, 30001),
            # 21165 and 21178 not there yet, 21182 exports running, 21183 after the HWM, 21184 maintenance, 21470 key.
            RETRY=(21165, 21178, 21182, 21183, 21184, 21470),
            # A challenge, session, package, export, login, page or request that is over; 25003 other subject data.
            BEGIN_ANEW=(
                *(410, 21111, 21155, 21157, 21161, 21173, 21175, 21180, 21205, 21208),
                *(21301, 21304, 21418, 25003, 25005),
            ),
            # 25001 and 25002 want a login with a certificate.
            NEW_CREDENTIAL=(9105, 21115, 21406, 25001, 25002),
            FIX_DATA=(21117, 21164, 21181, 21405, 25008, 26001, 26002, 71001, 71002, 71004, 71005),
            # 403 a right is missing, 21166 and 21167 no technical correction, 21308 the dead, 25006 and 25007 limits.
            TELL_HUMAN=(403, 21166, 21167, 21308, 25006, 25007),
            REPORT=(9101, 9102, 9103, 21001, 21217, 21401, 21402, 21403, 25004, 25010, 25011),
        ),
    }
)


def remedy_for(code: int, *, area: Area) -> Remedy:
    """For a code that nobody knows a person must look (F26)."""
    return _TABLES[area].get(code, Remedy.TELL_HUMAN)


def is_known(code: int, *, area: Area) -> bool:
    return code in _TABLES[area]
