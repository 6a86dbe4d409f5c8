"""The addresses that tests of accounts need, whatever else is wired."""

from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path

from accounts.urls import api_urlpatterns
from accounts.urls import urlpatterns as pages

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include(api_urlpatterns)),
    path("documents/", lambda request: HttpResponse("list"), name="document-list"),
    *pages,
]
handler400 = "collabdocs.problems.bad_request"
handler403 = "collabdocs.problems.permission_denied"
handler404 = "collabdocs.problems.not_found"
handler500 = "collabdocs.problems.server_error"
