"""The forms of contacts and accounts. Values are read as an import reads them, so both store the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from wtforms import Form, SelectField, StringField
from wtforms.validators import Length

from feedback.i18n import Translator, _
from feedback.services.customers import fields
from feedback.services.customers.fields import Money, Style

Parsed = dict[str, Any]


class CustomerForm(Form):
    """Text fields whose values are parsed by `services.customers.fields`; `values` has the parsed ones."""

    PARSERS: ClassVar[Mapping[str, Callable[[str, Style], Any]]] = {}
    TITLES: ClassVar[Mapping[str, str]] = {}

    def parse(self, style: Style, say: Translator) -> Parsed | None:
        """The parsed values, None for an empty field; None as a whole, and errors at the fields, if one is wrong."""
        self.validate()
        values: Parsed = {}
        for name in self.PARSERS:
            field, text = self[name], (self[name].data or "").strip()
            field.errors = list(field.errors)
            try:
                values[name] = self.PARSERS[name](text, style) if text else None
            except ValueError as error:
                field.errors.append(say.gettext(str(error)))
        return None if any(field.errors for field in self) else values


class ContactForm(CustomerForm):
    """One contact; `account_id` is a menu or a hidden field."""

    name = StringField(validators=[Length(max=255)])
    phone = StringField()
    email = StringField()
    language = StringField()
    country = StringField()
    time_zone = StringField()
    external_id = StringField()

    PARSERS: ClassVar[Mapping[str, Callable[[str, Style], Any]]] = {
        **{name: fields.CONTACT[name] for name in ("name", "email", "language", "country", "time_zone")},
        "phone": fields.phone,
    }
    TITLES: ClassVar[Mapping[str, str]] = {
        "name": _("Name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "country": _("Country"),
        "language": _("Language"),
        "time_zone": _("Time zone"),
    }


class AccountForm(CustomerForm):
    """One account; `owner` is the id of a user, 0 for nobody."""

    name = StringField(validators=[Length(max=255)])
    segment = StringField()
    recurring_revenue = StringField()
    currency = StringField()
    contract_started_on = StringField()
    renewal_on = StringField()
    owner = SelectField(coerce=int, validate_choice=True, choices=[])
    external_id = StringField()

    PARSERS: ClassVar[Mapping[str, Callable[[str, Style], Any]]] = {
        name: fields.ACCOUNT[name]
        for name in ("name", "segment", "recurring_revenue", "currency", "contract_started_on", "renewal_on")
    }
    TITLES: ClassVar[Mapping[str, str]] = {
        "name": _("Name"),
        "segment": _("Segment"),
        "recurring_revenue": _("MRR"),
        "currency": _("Currency"),
        "contract_started_on": _("Customer since"),
        "renewal_on": _("Renewal"),
    }


def settled(values: Parsed) -> Parsed:
    """The account's values with an amount split into number and currency."""
    money = values.get("recurring_revenue")
    if isinstance(money, Money):
        values["recurring_revenue"] = money.amount
        values["currency"] = values.get("currency") or money.currency
    return values
