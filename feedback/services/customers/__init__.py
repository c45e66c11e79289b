"""What we know of customers, however it comes in: the fields, how they are written, and how they are stored.

The CSV import and the HTTP API both end here, so that a phone number is the same phone number in both.
"""

from feedback.services.customers.storing import (
    ConsentChange,
    ContactDraft,
    Draft,
    Stored,
    erased,
    owners,
    store_accounts,
    store_contacts,
)

__all__ = [
    "ConsentChange",
    "ContactDraft",
    "Draft",
    "Stored",
    "erased",
    "owners",
    "store_accounts",
    "store_contacts",
]
