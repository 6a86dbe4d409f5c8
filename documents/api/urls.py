"""The API of documents; a slash at the end is optional."""

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from documents.api.comments import CommentsViewSet
from documents.api.files import FilesViewSet
from documents.api.history import HistoryViewSet
from documents.api.links import LinksViewSet, RedeemView
from documents.api.mine import ExportMeView
from documents.api.people import PeopleViewSet
from documents.api.trash import TrashViewSet
from documents.api.views import DocumentViewSet


class Router(SimpleRouter):
    def __init__(self) -> None:
        super().__init__(trailing_slash=False)
        self.trailing_slash = "/?"


router = Router()
router.register("documents", FilesViewSet, basename="files-api")  # first: `import` and `export` are no documents
router.register("documents", DocumentViewSet, basename="document-api")
router.register("documents", HistoryViewSet, basename="history-api")
router.register("documents", PeopleViewSet, basename="people-api")
router.register("documents", LinksViewSet, basename="links-api")
router.register("documents", CommentsViewSet, basename="comments-api")
router.register("trash", TrashViewSet, basename="trash-api")
api_urlpatterns = [
    re_path(r"^users/me/export/?$", ExportMeView.as_view(), name="api-export-me"),
    re_path(r"^share-links/redeem/?$", RedeemView.as_view(), name="redeem-api"),
    *router.urls,
]
