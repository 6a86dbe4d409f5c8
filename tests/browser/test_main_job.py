"""Sign up, create a document, share it, write in it together: the main job, through the pages alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)


def signs_up(person: Person) -> Page:
    page = person.opens_address("/").page
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("User name").fill(person.name)
    page.get_by_label("Password").fill("a quiet sheet of paper")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", name="Documents", exact=True)).to_be_visible()
    return page


def creates_a_document(person: Person, page: Page) -> tuple[str, Tab]:
    page.get_by_role("button", name="New document").click()
    page.wait_for_url("**/documents/*-*/")
    return page.url.rstrip("/").rpartition("/")[2], Tab(person, page).is_ready()


def shares(page: Page, name: str, role: str) -> None:
    page.get_by_role("link", name="Share").click()
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Role").select_option(role)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"{name} can edit now.")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()


def opens_from_the_list(person: Person, page: Page, title: str) -> Tab:
    page.goto(f"{person.url}/documents/")
    page.get_by_role("link", name=title, exact=True).click()
    return Tab(person, page).is_ready()


def logs_in_by_rest(person: Person) -> None:
    token = person.asks("POST", "/token", username=person.name, password="a quiet sheet of paper")
    person.api.headers["Authorization"] = f"Bearer {token['access_token']}"


def test_two_people_sign_up_and_write_one_text(desk: Desk) -> None:
    ada, ben = desk.stranger("ada"), desk.stranger("ben")
    adas_page, bens_page = signs_up(ada), signs_up(ben)
    doc_id, adas = creates_a_document(ada, adas_page)

    adas.page.get_by_label("Title").fill("Shopping")
    adas.presses("Enter")
    adas.goes_to_the_end().types("Milk\nBread\n").says("Saved")
    shares(adas_page, "ben", "editor")

    bens = opens_from_the_list(ben, bens_page, "Shopping")
    assert bens.text() == "Milk\nBread\n"
    adas.sees_people("ben")

    logs_in_by_rest(ada)
    desk.owner.api.headers["Authorization"] = ada.api.headers["Authorization"]
    adas.goes_to(4)
    bens.goes_to(10)
    for adds, mends in zip(", not too fat", " from the old", strict=True):  # in turn, in two lines
        adas.types(adds)
        bens.types(mends)
    text = desk.everybody_agrees(doc_id, adas, bens)
    assert text == "Milk, not too fat\nBread from the old\n"

    adas.goes_to(2)
    bens.goes_to(2)
    adas.starts_typing("abcdefghij" * 3)  # both at once, at one place
    bens.starts_typing("0123456789" * 3)
    adas.has_typed()
    bens.has_typed()
    text = desk.everybody_agrees(doc_id, adas, bens)
    assert "".join(filter(str.isdigit, text)) == "0123456789" * 3
    assert text.translate(str.maketrans("", "", "0123456789")).startswith("Mi" + "abcdefghij" * 3 + "lk, not")

    adas.page.get_by_label("Title").fill("Groceries")
    adas.presses("Enter")
    bens.until(lambda: bens.title() == "Groceries", "to see the new title")

    adas_page.goto(f"{ada.url}/documents/")
    adas_page.get_by_role("button", name="Delete Groceries").click()
    adas_page.get_by_role("button", name="Delete", exact=True).click()
    expect(adas_page.get_by_text("“Groceries” is in the trash.")).to_be_visible()
    bens.says("Closed: this document was deleted")
    assert ada.api.get(f"/documents/{doc_id}").status_code == 404


def test_the_log_in_page_lets_in_and_keeps_out(desk: Desk) -> None:
    desk.expects("status of 403|status of 400")
    page = desk.stranger("alice").opens_address("/documents/").page
    expect(page).to_have_url(f"{desk.server.url}/log-in/?next=/documents/")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody here with this name")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Documents", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{desk.server.url}/documents/")
    expect(page).to_have_url(f"{desk.server.url}/log-in/?next=/documents/")
