"""Mail, sent soon by a thread of its own: no answer waits for it, so that no answer's time tells whether there is one.

What can't be sent is dropped, and told in the log without an address; who misses it asks again.
"""

import logging
import unicodedata
from collections.abc import Callable
from functools import cache, partial
from queue import Full, Queue
from threading import Thread
from typing import TypeAlias

from django.core.mail import send_mail
from django.template.loader import render_to_string

Letter: TypeAlias = Callable[[], object]  # writes and sends it, without the database

MAX_WAITING = 100
MAX_GREETED = 40  # code points of a name
letters: Queue[Letter] = Queue(MAX_WAITING)
logger = logging.getLogger(__name__)


def tell_of_new_email(name: str, old: str, new: str | None) -> None:
    """Tell the old address, soon: whoever has stolen a session must not be mailed the next password unseen."""
    words = render_to_string("accounts/new_email_mail.txt", {"name": greeted(name), "new": new})
    post(partial(send_mail, "Your e-mail address at CollabDocs", words, None, [old]))


def greeted(name: str) -> str:
    """The name as a letter may hold it, else nothing: nobody may send links, or much else, in a letter of ours."""
    is_plain = all(char in " '-_" or unicodedata.category(char)[0] in "LMN" for char in name)
    return name if is_plain and len(name) <= MAX_GREETED else ""


def post(letter: Letter) -> None:
    """Have it sent soon."""
    _postman()
    try:
        letters.put_nowait(letter)
    except Full:
        logger.error("A mail is dropped: %s are waiting to be sent", MAX_WAITING)


@cache
def _postman() -> Thread:
    """One for each process, from the first letter on; it keeps nobody from stopping."""
    thread = Thread(target=_deliver, name="mail", daemon=True)
    thread.start()
    return thread


def _deliver() -> None:
    while True:
        letter = letters.get()
        try:
            letter()
        except Exception as error:  # its words may hold an address
            logger.error("A mail could not be sent: %s", type(error).__name__)
        finally:
            letters.task_done()
