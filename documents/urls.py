"""The API of documents; a slash at the end is optional."""

from rest_framework.routers import SimpleRouter

from documents.views import DocumentViewSet


class Router(SimpleRouter):
    def __init__(self) -> None:
        super().__init__(trailing_slash=False)
        self.trailing_slash = "/?"


router = Router()
router.register("documents", DocumentViewSet, basename="document-api")
api_urlpatterns = router.urls
