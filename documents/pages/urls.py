"""The pages' addresses."""

from django.urls import path

from documents.pages import editor, history, links, lists, sharing, trash

urlpatterns = [
    path("shared", links.shared, name="share-link"),
    path("documents/", lists.document_list, name="document-list"),
    path("documents/trash/", trash.document_trash, name="document-trash"),
    path("documents/new", lists.create, name="document-create"),
    path("documents/<uuid:document_id>/", editor.editor, name="document-editor"),
    path("documents/<uuid:document_id>/rename", lists.rename, name="document-rename"),
    path("documents/<uuid:document_id>/delete", lists.delete, name="document-delete"),
    path("documents/<uuid:document_id>/bring-back", trash.bring_back, name="document-bring-back"),
    path("documents/<uuid:document_id>/purge", trash.purge, name="document-purge"),
    path("documents/<uuid:document_id>/history/", history.document_history, name="document-history"),
    path("documents/<uuid:document_id>/share/", sharing.share, name="document-share"),
]
