"""An address that raises whatever a test wants raised."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from collabdocs.parsers import StrictJSONParser

raised: list[BaseException] = []


def boom(request: HttpRequest) -> HttpResponse:
    if raised:
        raise raised[0]
    return HttpResponse(request.body)


class Boom(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def get(self, request: Request) -> Response:
        raise raised[0]


class Nested(serializers.Serializer):
    name = serializers.CharField(max_length=3)


class Shape(serializers.Serializer):
    title = serializers.CharField()
    items = Nested(many=True, required=False)

    def validate(self, given):
        raise serializers.ValidationError("Never good.", code="never")


class Echo(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (StrictJSONParser, FormParser)

    def post(self, request: Request) -> Response:
        return Response(request.data)

    def put(self, request: Request) -> Response:
        Shape(data=request.data).is_valid(raise_exception=True)
        return Response()


urlpatterns = [
    path("api/boom", Boom.as_view()),
    path("api/echo", Echo.as_view()),
    path("api/plain", boom),
    path("page", boom),
]
handler400 = "collabdocs.problems.bad_request"
handler403 = "collabdocs.problems.permission_denied"
handler404 = "collabdocs.problems.not_found"
handler500 = "collabdocs.problems.server_error"
