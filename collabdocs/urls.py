"""Every address CollabDocs answers, but for the socket's (`realtime/routing.py`) and its health (`health.py`)."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from accounts.urls import api_urlpatterns as account_api
from collabdocs.metrics import metrics
from collabdocs.problems import nothing
from collabdocs.schema import DocsView, SchemaView
from documents.api.urls import api_urlpatterns as document_api
from realtime.urls import api_urlpatterns as event_api

handler400 = "collabdocs.problems.bad_request"
handler403 = "collabdocs.problems.permission_denied"
handler404 = "collabdocs.problems.not_found"
handler500 = "collabdocs.problems.server_error"

schema_api = [
    re_path(r"^schema/?$", SchemaView.as_view(), name="schema"),
    re_path(r"^docs/?$", DocsView.as_view(), name="api-docs"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("documents.pages.urls")),
    path("api/", include([*schema_api, *account_api, *event_api, *document_api])),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account")),
    path("admin/r/<path:object>", nothing),  # to an object's page "on site": none of ours has one
    path("admin/", admin.site.urls),
    path("metrics", metrics, name="metrics"),
]
