"""The API of documents; a slash at the end is optional."""

from rest_framework.routers import SimpleRouter

from documents.api.files import FilesViewSet
from documents.api.history import HistoryViewSet
from documents.api.people import PeopleViewSet
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
api_urlpatterns = router.urls
