"""Imports in the browser: a file is proposed, checked, imported, undone, and read like that of the command line."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from feedback.errors import Conflict, ImportRefused, NotFound
from feedback.services.access import Viewer
from feedback.services.contact import suppression
from feedback.services.customers import editing
from feedback.services.imports import menus, runs, workbook
from feedback.services.imports.menus import Chosen
from feedback.services.privacy import erasure
from feedback.store.models import Account, AuditEntry, Consent, Contact, ImportChange, ImportPart, ImportRun
from tests.services.conftest import World
from tests.services.imports import exports

Upload = Callable[..., int]

EXPECTED = {
    "hubspot": ("101", "Selin Arslan", "selin@acme.example", "+905321234567", "9001"),
    "salesforce": (
        "0035g00000AbCdEAAV",
        "Omar Haddad",
        "omar@contoso.example",
        "+4915123456789",
        "0015g00000XyZabAAB",
    ),
    "pipedrive": ("7", "Deniz Yıldız", "deniz@anadolu.example", "+905327654321", "55"),
    "zendesk": ("360001", "Ivy Lane", "ivy@blue.example", "+442071838750", "77"),
    "intercom": ("u-1", "ندا رستمی", "neda@pars.example", "+989121234567", "co-3"),
    "freshdesk": ("43000001", "Sam Doe", "sam@initech.example", "+14155550132", "Initech"),
    "chargebee": ("cb_16BdD", "Lena Weiß", "lena@alpen.example", "+436641234567", "cb_16BdD"),
    "stripe": ("cus_N1", "Maya Moon", "maya@moon.example", None, "Moon LLC"),
    "excel-tr": ("1001", "Şeyma Işık", "seyma@ornek.example", "+905321112233", "Örnek A.Ş."),
    "excel-de": ("D-1", "Jürgen Groß", "juergen@gross.example", "+4915123456789", "Groß & Söhne"),
    "excel-fa": ("۱۰۱", "مریم کاظمی", "maryam@pars.example", "+989121112233", "پارس نیرو"),
}
"""System -> external id, name, address, number and account of the first person in its file."""


@pytest.fixture
def upload(world: World) -> Upload:
    def upload(data: str | bytes, name: str = "customers.csv", kind: str = "contacts") -> int:
        file = BytesIO(data if isinstance(data, bytes) else data.encode())
        with world.database.writing() as session:
            by = world.owner(session, f"{len(data)}-{name}@example.com").id
        return runs.upload(world.database, kind, name, file, world.settings, by=by, now=world.now)  # type: ignore[arg-type]

    return upload


def look(world: World, import_id: int) -> ImportRun:
    with world.database.reading() as session:
        found = runs.find(session, import_id)
        session.expunge(found)
        return found


def work(world: World) -> None:
    while runs.work(world.database, world.context, lambda: world.now):
        pass


def checked(world: World, import_id: int, **changes: object) -> ImportRun:
    from dataclasses import replace

    chosen = replace(menus.from_json(look(world, import_id).chosen), **changes)  # type: ignore[arg-type]
    runs.check(world.database, import_id, chosen, world.settings)
    work(world)
    return look(world, import_id)


def imported(world: World, import_id: int, **changes: object) -> ImportRun:
    assert checked(world, import_id, **changes).state == "checked"
    world.wait(minutes=1)
    with world.database.writing() as session:
        runs.begin(session, import_id, now=world.now)
    work(world)
    return look(world, import_id)


def people(world: World) -> dict[str, Contact]:
    with world.database.reading() as session:
        return {each.external_id: each for each in session.scalars(select(Contact))}


@pytest.mark.parametrize("system", exports.EXPORTS)
def test_the_export_of_a_well_known_system_is_understood_as_it_is(
    world: World, upload: Upload, system: str
) -> None:
    run = imported(world, upload(exports.EXPORTS[system], f"{system}.csv"), basis="contract")
    assert run.state == "done", run.report
    assert run.report["refused"] == 0, run.report
    external_id, name, email, phone, account = EXPECTED[system]
    with world.database.reading() as session:
        contact = session.scalars(select(Contact).where(Contact.external_id == external_id)).one()
        assert (contact.name, contact.email, contact.phone) == (name, email, phone)
        assert contact.account and contact.account.external_id == account


def test_columns_that_say_who_opted_out_are_obeyed(world: World, upload: Upload) -> None:
    imported(world, upload(exports.HUBSPOT), basis="contract")
    with world.database.reading() as session:
        refused = {each.address for each in session.scalars(select(Consent)) if each.withdrawn_at}
    assert refused == {"grace@north.example"}


def test_a_workbook_is_read_like_the_same_table_as_csv(world: World, upload: Upload) -> None:
    rows: list[list[object]] = [
        ["Customer ID", "Full Name", "Phone", "Renewal Date", "Company", "Country"],
        [1001, "Selin Arslan", 905321234567, date(2027, 3, 31), "Acme", "TR"],
        ["", "", "", "", "", ""],
        [1002, "Line\nbreak", "+90 532 765 43 21", "2027-04-01", "Acme", ""],
    ]
    data = exports.workbook(rows, above=2)
    run = imported(world, upload(data, "customers.xlsx"))
    assert (run.report["created"], run.report["refused"]) == (2, 0), run.report
    found = people(world)
    assert found["1001"].phone == "+905321234567"
    assert found["1002"].name == "Line break"
    with world.database.reading() as session:
        renewals = session.scalars(select(Account.renewal_on).order_by(Account.renewal_on)).all()
        assert renewals == [date(2027, 3, 31), date(2027, 4, 1)]


def test_a_dry_run_stores_nothing_and_says_what_would_be_refused(world: World, upload: Upload) -> None:
    table = (
        "external_id,name,email,phone\n1,Ada,ada@example.com,\n2,Bo,bo(at)example.com,\n,Cy,cy@example.com,\n"
    )
    import_id = upload(table)
    run = checked(world, import_id)
    assert people(world) == {}
    assert (run.report["read"], run.report["created"], run.report["refused"]) == (3, 1, 2)
    assert [each.line for each in runs.first_refusals(run.report)] == [3, 4]
    header, *rows = runs.refused_rows(world.database, run, world.settings)
    assert header == ["external_id", "name", "email", "phone", "Line", "Problem"]
    assert [row[:5] for row in rows] == [
        ["2", "Bo", "bo(at)example.com", "", "3"],
        ["", "Cy", "cy@example.com", "", "4"],
    ]
    assert all(row[5] for row in rows)


def test_the_refused_rows_can_be_mended_and_uploaded_as_they_are(world: World, upload: Upload) -> None:
    import_id = upload("external_id,name,email\n1,Ada,ada@example.com\n2,Bo,bo(at)example.com\n")
    run = imported(world, import_id)
    lines = [",".join(row) for row in runs.refused_rows(world.database, run, world.settings)]
    mended = "\n".join(line.replace("(at)", "@") for line in lines)
    again = imported(world, upload(mended, "mended.csv"))
    assert (again.report["created"], again.report["refused"]) == (1, 0), again.report
    assert set(people(world)) == {"1", "2"}


def test_an_import_is_undone_as_far_as_nothing_else_has_changed(world: World, upload: Upload) -> None:
    header = "external_id,name,email,account.external_id,account.segment\n"
    first = f"{header}1,Ada,a@example.com,x,vip\n2,Bo,b@example.com,x,vip\n"
    imported(world, upload(first), basis="contract")
    second = (
        f"{header}1,Ada L,a2@example.com,x,core\n"
        "2,Bo B,b@example.com,x,core\n3,Cy,c@example.com,y,core\n4,Di,d@example.com,y,core\n"
    )
    last = upload(second)
    run = imported(world, last, basis="contract")
    assert (run.report["created"], run.report["updated"]) == (2, 2)
    viewer = Viewer(1, sees_all=True)
    world.wait(minutes=1)
    with world.database.writing() as session:
        bo = session.scalars(select(Contact).where(Contact.external_id == "2")).one()
        editing.change_contact(
            session, viewer, bo.id, {"name": "Bo by hand"}, editing.version(bo), now=world.now
        )
        suppression.opt_out(session, "email", "d@example.com", source="link", now=world.now)
        runs.undo(session, last)
    work(world)
    run = look(world, last)
    assert run.state == "undone"
    assert run.report["undone"] == {"removed": 1, "restored": 2, "kept": 3}
    found = people(world)
    assert {key: each.name for key, each in found.items()} == {"1": "Ada", "2": "Bo by hand", "4": "Di"}
    assert found["1"].email == "a@example.com"
    with world.database.reading() as session:
        segments = dict(session.execute(select(Account.external_id, Account.segment)).all())
        assert segments == {"x": "vip", "y": "core"}  # somebody is still in y
        assert session.scalars(select(ImportChange)).all() == session.scalars(
            select(ImportChange).where(ImportChange.import_id != last)
        ).all()  # fmt: skip
        addresses = session.scalars(select(Consent.address).where(Consent.withdrawn_at.is_(None))).all()
        assert sorted(addresses) == ["a@example.com", "b@example.com"]
        assert "undone" in session.scalars(select(AuditEntry.action)).all()


def test_only_the_last_import_is_undone_and_each_step_only_in_its_turn(world: World, upload: Upload) -> None:
    first, second = (upload(f"external_id,name\n{n},A\n", f"{n}.csv") for n in (1, 2))
    imported(world, first)
    imported(world, second)
    with world.database.writing() as session:
        for wrong in (
            lambda: runs.undo(session, first),
            lambda: runs.begin(session, second, now=world.now),
            lambda: runs.forget(session, second),
        ):
            with pytest.raises(Conflict):
                wrong()
    with pytest.raises(Conflict):
        runs.check(world.database, second, Chosen(), world.settings)


def test_a_worker_that_was_killed_is_followed_by_another_one_that_ends_its_work(
    world: World, upload: Upload
) -> None:
    import_id = upload("external_id,name\n1,Ada\n2,Bo\n")
    checked(world, import_id)
    with world.database.writing() as session:
        runs.begin(session, import_id, now=world.now)
    assert runs._claim(world.database, world.now) is not None  # and then it is killed
    work(world)
    assert look(world, import_id).state == "importing"
    world.wait(minutes=3)
    work(world)
    assert look(world, import_id).state == "done"
    assert set(people(world)) == {"1", "2"}


def test_what_cannot_be_mapped_is_said_and_the_choices_stay(world: World, upload: Upload) -> None:
    import_id = upload("A,B,C\n1,Ada,ada@example.com\n")
    assert menus.from_json(look(world, import_id).chosen).targets == {}
    wrong = Chosen(targets={0: "account.name", 1: "contact.email", 2: "contact.email"})
    with pytest.raises(ImportRefused) as refused:
        runs.check(world.database, import_id, wrong, world.settings)
    assert len(str(refused.value).split("\n")) == 3
    assert menus.from_json(look(world, import_id).chosen).targets == wrong.targets


def test_a_file_is_read_with_the_encoding_delimiter_and_header_that_were_chosen(
    world: World, upload: Upload
) -> None:
    table = "Rapor;;\nkod;ad;mail\n1;Şule;s@example.com\n".encode("cp1254")
    import_id = upload(table)
    runs.choose_layout(world.database, import_id, ("cp1254", ";", 1), world.settings)
    columns, shape, first = runs.columns(world.database, look(world, import_id), world.settings)
    assert [each.name for each in columns] == ["kod", "ad", "mail"]
    assert (columns[1].samples, shape.above, first[0]) == (["Şule"], 1, "Rapor;;")
    run = imported(world, import_id, targets={1: "contact.name"}, ids={"contact.external_id": 0})
    assert run.report["created"] == 1
    assert people(world)["1"].name == "Şule"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"PK\x03\x04 not a workbook", b"\xd0\xcf\x11\xe0old excel"])
def test_a_file_that_is_no_table_is_refused_at_once(world: World, upload: Upload, data: bytes) -> None:
    with pytest.raises(ImportRefused):
        upload(data, "file.xlsx")
    with world.database.reading() as session:
        assert session.scalars(select(ImportRun)).all() == []


def bomb(tmp_path: Path, claimed: int) -> Path:
    """A small workbook whose sheet unpacks to more than is read; its directory claims another size."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(12):
                sheet.write(b"0" * 1024 * 1024)
    data = path.read_bytes()
    size = (12 * 1024 * 1024).to_bytes(4, "little")
    assert data.count(size) >= 1
    path.write_bytes(data.replace(size, claimed.to_bytes(4, "little")))
    return path


@pytest.mark.parametrize("claimed", [100, 12 * 1024 * 1024])
def test_a_bomb_is_refused_before_it_is_parsed_whatever_it_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claimed: int
) -> None:
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 10 * 1024 * 1024)
    path = bomb(tmp_path, claimed)
    assert path.stat().st_size < 50_000
    with pytest.raises(ImportRefused, match="larger than"):
        workbook.check(path)


def test_an_erasure_deletes_uploaded_files_and_what_an_undo_would_bring_back(
    world: World, upload: Upload
) -> None:
    imported(world, upload("external_id,name,email\n1,Ada Lovelace,ada@example.com\n2,Bo,(at)\n"))
    again = upload("external_id,name,email\n1,Ada L,ada@example.com\n")
    imported(world, again)
    with world.database.writing() as session:
        erasure.erase(session, erasure.find(session, "1"), by=None, now=world.now)
    with world.database.reading() as session:
        assert session.scalars(select(ImportPart)).all() == []
        assert all(each.row_id for each in session.scalars(select(ImportChange)))
        assert "Ada" not in str([each.before for each in session.scalars(select(ImportChange))])
        assert "Ada" not in str([each.report for each in session.scalars(select(ImportRun))])
    with pytest.raises(NotFound):
        runs.columns(world.database, look(world, again), world.settings)


def test_old_files_are_deleted_and_the_result_stays(world: World, upload: Upload) -> None:
    import_id = upload("external_id,name\n1,Ada\n")
    imported(world, import_id)
    with world.database.writing() as session:
        assert runs.purge(session, world.now) == 0
        assert runs.purge(session, world.now + timedelta(days=8)) > 0
    assert look(world, import_id).report["created"] == 1
