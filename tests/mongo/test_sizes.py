"""The largest text that we let in fits into one document of MongoDB, which holds 16 MB, whatever it is made of."""

import pytest
from django.conf import settings

from documents import history, logtable, services
from documents.copies import texts

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("character", ["😀", "\x01", '"'], ids=["four bytes", "six when escaped", "escaped"])
def test_the_largest_text_fits(alice, character):
    content = character * settings.MAX_TEXT_LENGTH
    document = services.create_document(owner=alice, content=content)
    texts.checkpoint(document.id, 1)
    assert history.current_text(document.id) == (1, content)
    assert logtable.newest(document.id).operation == (content,)
