"""Which account somebody has who comes from the provider of the single sign-on, and which roles.

An account belongs to an issuer and a subject. An e-mail address finds it only before that is known, and only if the
provider says that the address is verified: otherwise anybody who can type an address at the provider would get the
account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from feedback.errors import Rejected
from feedback.services import audit
from feedback.services.staff import accounts
from feedback.services.staff.accounts import NewUser, RoleName
from feedback.settings.table import SingleSignOnSettings
from feedback.store.models import DirectoryGroup, StaffIdentity, User
from feedback.store.models.single_sign_on import directory_member


@dataclass(frozen=True, slots=True)
class ProviderPerson:
    """What the provider says of somebody; `groups` is None if it does not say which ones they are in."""

    issuer: str
    subject: str
    email: str
    email_is_verified: bool
    name: str
    groups: frozenset[str] | None


class SignInRefusal(StrEnum):
    """Why somebody may not sign in."""

    INACTIVE = "inactive"
    NO_ADDRESS = "no address"
    OTHER_DOMAIN = "other domain"
    NOT_VERIFIED = "not verified"
    OTHER_PERSON = "other person"
    NOT_INVITED = "not invited"
    NO_ROLE = "no role"


@dataclass(frozen=True, slots=True)
class Admission:
    """The account, if there is one, and why it may not be used."""

    user: User | None
    refused: SignInRefusal | None = None


def admit(session: Session, person: ProviderPerson, sso: SingleSignOnSettings, now: datetime) -> Admission:
    """Find or make the account of somebody whom the provider vouches for, and set its roles.

    What changes is to be stored even if the person is refused: who is in no group any more loses roles and sessions.
    """
    found = _by_subject(session, person)
    admission = Admission(found) if found else _first_time(session, person, sso, now)
    user = admission.user
    if user is None or admission.refused:
        return admission
    if not user.active:
        return Admission(user, SignInRefusal.INACTIVE)
    if not follow_groups(session, user, _all_groups(session, user, person), sso, now):
        return Admission(user, SignInRefusal.NO_ROLE)
    _link(session, user, person, now)
    _follow_address(session, user, person, sso, now)
    return Admission(user)


def follow_groups(
    session: Session, user: User, groups: Collection[str] | None, sso: SingleSignOnSettings, now: datetime
) -> bool:
    """Give a user the roles of these groups. Returns whether they have any role now.

    Nothing is changed if roles are given here, if the groups are not known, and for the emergency account.
    """
    if sso.roles and groups is not None and not sso.is_emergency_account(user.email):
        wanted = roles_of(groups, sso)
        if wanted != {role.name for role in user.roles}:
            accounts.set_roles_by_provider(session, user, wanted, now=now)
    return bool(user.roles)


def _all_groups(session: Session, user: User, person: ProviderPerson) -> Collection[str] | None:
    """The groups that the provider tells at the sign-in, and those that it has told by SCIM."""
    told = groups_by_scim(session, user.id)
    return told | person.groups if person.groups is not None else told or None


def groups_by_scim(session: Session, user_id: int) -> frozenset[str]:
    """The groups of a user that SCIM has told, by their names and by the provider's ids."""
    wanted = select(DirectoryGroup.name, DirectoryGroup.external_id).join(
        directory_member, directory_member.c.group_id == DirectoryGroup.id
    )
    rows = session.execute(wanted.where(directory_member.c.user_id == user_id))
    return frozenset(each for row in rows for each in row if each)


def roles_of(groups: Iterable[str], sso: SingleSignOnSettings) -> frozenset[str]:
    """The roles of somebody in these groups; that of all others if none of them has one."""
    mapped = {role for group in groups for role in sso.roles.get(group, "").split()} & set(RoleName)
    return frozenset(mapped or _other(sso))


def _other(sso: SingleSignOnSettings) -> set[str]:
    return set() if sso.other_role == "none" else {sso.other_role}


def from_provider(session: Session) -> frozenset[int]:
    """The ids of the users who have signed in with the provider."""
    return frozenset(session.scalars(select(StaffIdentity.user_id)))


def _by_subject(session: Session, person: ProviderPerson) -> User | None:
    wanted = (
        select(User).join(StaffIdentity, StaffIdentity.user_id == User.id).options(selectinload(User.roles))
    )
    return session.scalar(
        wanted.where(StaffIdentity.issuer == person.issuer, StaffIdentity.subject == person.subject)
    )


def _first_time(
    session: Session, person: ProviderPerson, sso: SingleSignOnSettings, now: datetime
) -> Admission:
    """Somebody with a subject that is not known: by the address, or with a new account."""
    user = accounts.by_email(session, person.email)
    if refused := _about_address(person, sso):
        return Admission(user, refused)
    if user is not None:
        return Admission(
            user, SignInRefusal.OTHER_PERSON if _is_linked(session, user, person.issuer) else None
        )
    return _new_account(session, person, sso, now)


def _about_address(person: ProviderPerson, sso: SingleSignOnSettings) -> SignInRefusal | None:
    """Why the address of somebody can neither find nor make an account."""
    if not person.email:
        return SignInRefusal.NO_ADDRESS
    if not _is_in_domains(person.email, sso):
        return SignInRefusal.OTHER_DOMAIN
    return None if person.email_is_verified else SignInRefusal.NOT_VERIFIED


def _new_account(
    session: Session, person: ProviderPerson, sso: SingleSignOnSettings, now: datetime
) -> Admission:
    if sso.new_accounts == "invited":
        return Admission(None, SignInRefusal.NOT_INVITED)
    roles = roles_of(person.groups or (), sso)
    if not roles:
        return Admission(None, SignInRefusal.NO_ROLE)
    try:
        return Admission(accounts.add_user(session, NewUser(person.email, person.name, roles), now))
    except Rejected:  # what the provider calls an address is none
        return Admission(None, SignInRefusal.NO_ADDRESS)


def _is_in_domains(email: str, sso: SingleSignOnSettings) -> bool:
    listed = [each.lower().removeprefix("@") for each in sso.domains.split()]
    return not listed or email.rpartition("@")[2].lower() in listed


def _is_linked(session: Session, user: User, issuer: str) -> bool:
    """Whether the account is somebody else's at this provider. One of an earlier provider moves to the new one."""
    known = session.scalar(select(StaffIdentity).where(StaffIdentity.user_id == user.id))
    return known is not None and known.issuer == issuer


def _link(session: Session, user: User, person: ProviderPerson, now: datetime) -> None:
    """Store that this account is the person's."""
    row = session.scalar(select(StaffIdentity).where(StaffIdentity.user_id == user.id))
    if row is None:
        row = StaffIdentity(user_id=user.id, created_at=now)
        session.add(row)
    if (row.issuer, row.subject) != (person.issuer, person.subject):
        row.issuer, row.subject = person.issuer, person.subject
        audit.record(session, "linked to provider", "user", user.id, by=user.id, now=now)
    row.used_at = now
    session.flush()


def _follow_address(
    session: Session, user: User, person: ProviderPerson, sso: SingleSignOnSettings, now: datetime
) -> None:
    """Take over a new address of the same person, if it is verified and nobody else's."""
    if not person.email_is_verified or sso.is_emergency_account(user.email):
        return
    if not _is_in_domains(person.email, sso):
        return
    accounts.follow_address(session, user, person.email, now=now)


def linked(session: Session, issuer: str, subject: str) -> int | None:
    """The id of the user with this subject."""
    wanted = select(StaffIdentity.user_id)
    return session.scalar(wanted.where(StaffIdentity.issuer == issuer, StaffIdentity.subject == subject))


def identities(session: Session, users: Sequence[int]) -> dict[int, StaffIdentity]:
    """User id -> how the provider knows them."""
    found = session.scalars(select(StaffIdentity).where(StaffIdentity.user_id.in_(users)))
    return {each.user_id: each for each in found}
