"""Share links over HTTP: made, listed, revoked, and redeemed."""

from django.http import HttpRequest
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import throttles, tokens
from accounts.models import User
from accounts.oauth import token_answer
from documents import history, permissions, sharing
from documents.api import schema, serializers
from documents.api.base import DocumentActions
from documents.errors import Forbidden
from documents.models import ShareLink


@schema.LINKS
class LinksViewSet(DocumentActions):
    """See, make and revoke the links into a document."""

    takes = {"make_share_link": serializers.MakeShareLink}

    @action(detail=True, url_path="share-links", pagination_class=None)
    def share_links(self, request: Request, doc_id: str) -> Response:
        """Those that let somebody in; their secrets are known only to who has them."""
        links = sharing.live_links(self.document(doc_id, may="manage"))
        return Response(serializers.ShareLinkSerializer(links, many=True).data)

    @share_links.mapping.post
    def make_share_link(self, request: Request, doc_id: str) -> Response:
        document = self.document(doc_id, may="manage")
        made = sharing.create_link(document, actor=self.user, **self.checked(serializers.MakeShareLink))
        shown = dict(serializers.ShareLinkSerializer(made.link).data)
        shown |= {"secret": made.secret, "url": address(request._request, made.secret)}
        return Response(shown, status=201, headers={"Cache-Control": "no-store"})

    @action(detail=True, url_path=r"share-links/(?P<link_id>[0-9a-fA-F-]{36})", methods=["delete"])
    def share_link(self, request: Request, doc_id: str, link_id: str) -> Response:
        """Revoke a link: nobody comes in by it any more, and who came by it is out."""
        sharing.revoke_link(self.document(doc_id, may="manage"), link_id)
        return Response(status=204)


class RedeemView(APIView):
    """Come in by a link: as oneself, or, with no token, as a guest."""

    permission_classes = ()

    @schema.REDEEM
    def post(self, request: Request) -> Response:
        throttles.check_redeem(request._request)
        given = serializers.RedeemShareLink(data=request.data)
        given.is_valid(raise_exception=True)
        link = sharing.find_link(given.validated_data["secret"])
        if isinstance(request.user, User):
            return Response(shown_to(request.user, link))
        guest = sharing.let_guest_in(link, given.validated_data["name"])
        answer = token_answer(tokens.start_session(guest)) | {"doc_id": str(link.document_id)}
        return Response(answer, headers={"Cache-Control": "no-store"})


def shown_to(user: User, link: ShareLink) -> dict:
    """The document, for somebody whom the link has let in."""
    if user.scope.is_read_only or not user.scope.covers(link.document_id):
        raise Forbidden("This session is not good for that.")
    sharing.redeem(link, user)
    document = permissions.get_document(user, link.document_id)
    history.load_text(document)
    return dict(serializers.DocumentSerializer(document).data)


def address(request: HttpRequest, secret: str) -> str:
    """The page of a link. The secret stands where no browser sends it: in no log, and in no Referer."""
    return f"{request.build_absolute_uri(reverse('share-link'))}#{secret}"
