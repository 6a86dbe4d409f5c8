"""The pages' addresses."""

from django.urls import path

from documents import pages, share_pages

urlpatterns = [
    path("documents/", pages.document_list, name="document-list"),
    path("documents/new", pages.create, name="document-create"),
    path("documents/<uuid:document_id>/", pages.editor, name="document-editor"),
    path("documents/<uuid:document_id>/rename", pages.rename, name="document-rename"),
    path("documents/<uuid:document_id>/delete", pages.delete, name="document-delete"),
    path("documents/<uuid:document_id>/share/", share_pages.share, name="document-share"),
]
