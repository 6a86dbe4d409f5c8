"""What rooms say over HTTP; a slash at the end is optional. The socket's address is in `routing.py`."""

from django.urls import re_path

from realtime.events import DocumentEvents

api_urlpatterns = [
    re_path(r"^documents/(?P<doc_id>[^/.]+)/events/?$", DocumentEvents.as_view(), name="document-events"),
]
