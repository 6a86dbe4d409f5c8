"""The API's own pages in a browser: Swagger UI where one logs in and tries things, and the browsable API."""

import json

from playwright.sync_api import Locator, Page, expect

from conftest import PASSWORD
from tests.browser.desk import Desk


def authorizes(page: Page, name: str, password: str) -> Locator:
    """Fill in Swagger UI's dialog; the dialog."""
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_label("username:").fill(name)
    dialog.get_by_label("password:").fill(password)
    dialog.locator("button.authorize").click()
    return dialog


def executes(page: Page, operation: str, **parameters: str) -> Locator:
    """Try an operation out; the answer that came."""
    block = page.locator(f"[id$='-{operation}']")
    block.locator(".opblock-summary-control").click()
    for name, value in parameters.items():
        field = block.locator("textarea.body-param__text") if name == "body" else block.get_by_placeholder(name)
        field.fill(value)
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response").first
    answer.wait_for()
    return answer


def test_authorize_then_try_it_out(desk: Desk) -> None:
    """The form takes name and password, the requests carry the token, and the page keeps to our policy."""
    doc_id = desk.document("the cat", title="Tried in Swagger UI")
    page = desk.stranger().opens_address("/api/docs").page
    dialog = authorizes(page, "alice", PASSWORD)
    expect(dialog.get_by_text("Logout")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()

    answer = executes(page, "read_document", doc_id=doc_id)
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text("Tried in Swagger UI")
    expect(answer).to_contain_text("etag")

    body = json.dumps({"content": "the black cat", "version": 1})
    expect(executes(page, "replace_document", doc_id=doc_id, body=body)).to_contain_text("200")
    assert desk.rest_text(doc_id) == "the black cat"


def test_who_has_not_authorized_is_told(desk: Desk) -> None:
    desk.expects("status of 401")
    page = desk.stranger().opens_address("/api/docs").page
    expect(executes(page, "list_documents")).to_contain_text("not_authenticated")


def test_a_wrong_password_is_told(desk: Desk) -> None:
    desk.expects("status of 400")
    page = desk.stranger().opens_address("/api/docs").page
    dialog = authorizes(page, "alice", "not this one")
    expect(dialog.locator(".errors")).to_contain_text("The name or the password is wrong.")
    expect(dialog.get_by_text("Logout")).not_to_be_visible()


def test_the_browsable_api(desk: Desk) -> None:
    """Each form sends what it holds, by the method on its button."""
    desk.expects("status of 40[45]")  # a restore can't be read, and what is deleted is gone
    doc_id = desk.document("the cat", title="Browsed")
    page = desk.person("alice").opens_address(f"/api/documents/{doc_id}").page
    body, answer = page.get_by_label("application/json"), page.locator("pre")
    assert json.loads(body.input_value()) == {"title": "Browsed", "content": "the cat", "version": 1}

    body.fill(json.dumps({"content": "the dog", "version": 1}))
    page.get_by_role("button", name="PUT").click()
    expect(page.locator(".asked")).to_contain_text("PUT /api")
    expect(answer).to_contain_text('"content": "the dog"')
    assert desk.rest_text(doc_id) == "the dog"

    page.get_by_role("link", name="restore").click()
    body.fill(json.dumps({"version": 1}))
    page.get_by_role("button", name="POST").click()
    expect(answer).to_contain_text("HTTP 200 OK")
    assert desk.rest_text(doc_id) == "the cat"

    page.goto(f"{desk.server.url}/api/documents/{doc_id}")
    page.get_by_role("button", name="DELETE").click()
    page.get_by_role("alertdialog").get_by_role("button", name="DELETE").click()
    expect(answer).to_contain_text("HTTP 204")
    page.goto(f"{desk.server.url}/api/documents/{doc_id}")
    expect(answer).to_contain_text("HTTP 404")
