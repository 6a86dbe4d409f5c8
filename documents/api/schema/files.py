"""Text in and out as files."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from accounts.schema import answer, operation
from documents.api.schema import examples, shapes
from documents.api.schema.words import (
    DOWNLOAD,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    VERSION_BOUNDS,
    described,
    etag,
    query,
)

UPLOAD = {
    "type": "object",
    "properties": {
        "file": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "description": "Text files in UTF-8 or UTF-16, and zips of them.",
        }
    },
    "required": ["file"],
}

EXPORT_ME = operation(
    "export_me",
    "Take my data away",
    "A zip of what is kept of you: all documents that you may see, as Markdown, and those in your trash in `trash/`; "
    "`manifest.json`, which lists them with your role in each; `profile.json`, with your sessions and API tokens; "
    "`comments.json`: all that you said, also where you may not read any more; `share-links.json`: what "
    "you let others in by, without the secrets.",
    parameters=[DOWNLOAD],
    answers={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The zip.")},
    refuses=[403],
    tags=["people"],
)

FILES = described(
    html=operation(
        "read_html",
        "The text as HTML",
        "Markdown, rendered and sanitised: a piece of HTML without scripts.",
        parameters=[query("version", "The head, if left out.", VERSION_BOUNDS), IF_NONE_MATCH, etag(200, 304)],
        answers={
            (200, "text/html"): answer(OpenApiTypes.STR, examples.HTML, "A piece of HTML."),
            304: OpenApiResponse(None, "What you have is still right."),
        },
        tags=["files"],
    ),
    export=operation(
        "export_document",
        "Take it away as a file",
        parameters=[
            OpenApiParameter("format", str, enum=["md", "txt", "html"], default="md", description="Of the file."),
            query("version", "The head, if left out.", VERSION_BOUNDS),
            DOWNLOAD,
        ],
        answers={
            (200, "text/markdown"): answer(OpenApiTypes.STR, examples.AFTER, "The file."),
            (200, "text/plain"): answer(OpenApiTypes.STR, examples.AFTER, "The file."),
            (200, "text/html"): answer(OpenApiTypes.STR, examples.HTML, "The file."),
        },
        tags=["files"],
    ),
    export_all=operation(
        "export_all_documents",
        "Take everything away",
        "A zip of all documents that you may see, as Markdown.",
        parameters=[DOWNLOAD],
        answers={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The zip.")},
        tags=["files"],
    ),
    import_files=operation(
        "import_files",
        "Bring files in",
        "A document of each text file, those in zips too. What is no text is skipped, and told.",
        parameters=[IDEMPOTENCY_KEY],
        refuses=[422],
        request={"multipart/form-data": UPLOAD},
        answers={201: answer(shapes.Import, examples.IMPORT, "What became of the files.")},
        tags=["files"],
    ),
)
