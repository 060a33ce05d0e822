"""Errors of the operator's pages.

ConsoleError             a page cannot do what it was asked
 +-- Denied              who asks may not see these pages
 +-- OldPage             the form is not one of ours, or was made before the gateway started anew
 +-- Moved               what the form is about has changed since the page was made
 +-- FieldsWrong         something typed cannot be read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ConsoleError(GatewayError):
    """A page cannot do what it was asked."""

    code = "console"


class Denied(ConsoleError):
    """Who asks may not see these pages; `status` is HTTP's, `people_text` Russian, `headers` go with the answer."""

    code = "console_denied"

    def __init__(self, status: int, people_text: str, **headers: str) -> None:
        """Take what the answer says."""
        super().__init__(f"access to the console refused with {status}")
        self.status = status
        self.people_text = people_text
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class OldPage(ConsoleError):
    """The form's token is not one of this process for this address: another site's form, or a page from before."""

    code = "console_old_page"


class Moved(ConsoleError):
    """What the form is about has changed since the page was made."""

    code = "console_moved"


class FieldsWrong(ConsoleError):
    """Fields that cannot be read: `wrong` has a Russian sentence by field. What was typed is not repeated here."""

    code = "console_fields"

    def __init__(self, wrong: Mapping[str, str]) -> None:
        """Take the sentences."""
        super().__init__(f"fields that cannot be read: {', '.join(sorted(wrong))}")
        self.wrong = wrong
