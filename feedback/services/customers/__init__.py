"""Customer data: parsing and storing the fields of accounts and contacts.

The CSV import and the HTTP API both use this package, so that they treat values in the same way.
"""

from feedback.services.customers.storing import (
    ConsentChange,
    ContactDraft,
    Draft,
    Journal,
    Stored,
    Written,
    erased,
    owners,
    store_accounts,
    store_contacts,
)

__all__ = [
    "ConsentChange",
    "ContactDraft",
    "Draft",
    "Journal",
    "Stored",
    "Written",
    "erased",
    "owners",
    "store_accounts",
    "store_contacts",
]
