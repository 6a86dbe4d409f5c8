"""Share links, and the trash."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer

from accounts.schema import TOKENS, answer, operation
from documents.api import serializers
from documents.api.schema import examples, shapes
from documents.api.schema.words import DOCUMENT, PAGES, PATH, described

LINK_ID = OpenApiParameter("link_id", OpenApiTypes.UUID, PATH, description="Which link.")

LINKS = described(
    share_links=operation(
        "list_share_links",
        "Links into it",
        "Those that let somebody in, the newest first. For its owner.",
        answers={200: answer(serializers.ShareLinkSerializer(many=True), examples.LINK, "All of them.")},
        tags=["sharing"],
    ),
    make_share_link=operation(
        "make_share_link",
        "Make a link",
        "Whoever has it comes in with its role, until it expires or is revoked. The secret is shown this once.",
        takes={"For a week": {"role": "commenter", "expires_at": examples.NOON}, "Until revoked": {"role": "viewer"}},
        answers={201: answer(shapes.MadeShareLink, examples.MADE_LINK, "The link and its secret.")},
        refuses=[409],
        tags=["sharing"],
    ),
    share_link=operation(
        "revoke_share_link",
        "Revoke a link",
        "Nobody comes in by it any more, and who came by it is out within seconds.",
        parameters=[LINK_ID],
        answers={204: OpenApiResponse(None, "It is revoked.")},
        tags=["sharing"],
    ),
)

REDEEM = operation(
    "redeem_share_link",
    "Come in by a link",
    "With a token: you become a collaborator with the link's role, for as long as it lasts; nobody is made less than "
    "they were. Without one: you get tokens of a guest called `name`, who sees this document and nothing else.",
    request=serializers.RedeemShareLink,
    takes={"As a guest": {"secret": examples.SECRET, "name": "Dora"}, "As yourself": {"secret": examples.SECRET}},
    answers={
        200: OpenApiResponse(
            PolymorphicProxySerializer("Redeemed", [serializers.DocumentSerializer, shapes.GuestTokens], None),
            "The document for somebody with a token, tokens for a guest.",
            [
                OpenApiExample("As yourself", examples.DOCUMENT, response_only=True),
                OpenApiExample("As a guest", TOKENS | {"doc_id": examples.DOC_ID}, response_only=True),
            ],
        )
    },
    refuses=[404, 409, 429],
    tags=["sharing"],
)

TRASH = described(
    list=operation(
        "list_trash",
        "What you deleted",
        "Documents that can be brought back, the latest deleted first. They are kept for 30 days.",
        parameters=PAGES,
        answers={200: answer(shapes.TrashPage, examples.page(examples.DELETED), "A page of them.")},
        tags=["documents"],
    ),
    restore=operation(
        "bring_back_document",
        "Bring it back",
        "As it was, with everybody's roles and links.",
        answers={200: DOCUMENT},
        request=None,
        tags=["documents"],
    ),
    destroy=operation(
        "purge_document",
        "Delete it for good",
        "Its text, its history and everything made of it are forgotten.",
        answers={204: OpenApiResponse(None, "It is gone.")},
        tags=["documents"],
    ),
)
