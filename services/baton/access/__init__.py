"""Who may come in, what they may see, and what they may do.

An operator signs in locally (key, password, code) or by OpenID Connect, and has a session that lives here. `install`
puts the guard before the console; `Entitlements` decide who sees which alert.
"""

from baton.access.assigning import Assignees
from baton.access.operator import ACTIONS, REFUSALS, Entitlements, Operator, roles_of
from baton.access.sign_in import Access, install
from baton.access.users import (
    User,
    Users,
    UsersFileError,
    enrolment,
    new_user,
    read_users,
    write_users,
)

__all__ = [
    "ACTIONS",
    "REFUSALS",
    "Access",
    "Assignees",
    "Entitlements",
    "Operator",
    "User",
    "Users",
    "UsersFileError",
    "enrolment",
    "install",
    "new_user",
    "read_users",
    "roles_of",
    "write_users",
]
