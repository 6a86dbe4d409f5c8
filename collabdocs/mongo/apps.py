"""Django's apps with keys of the kind that MongoDB makes: it counts no rows."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig

OBJECT_ID = "django_mongodb_backend.fields.ObjectIdAutoField"


class MongoAdmin(AdminConfig):
    default_auto_field = OBJECT_ID


class MongoAuth(AuthConfig):
    default_auto_field = OBJECT_ID


class MongoContentTypes(ContentTypesConfig):
    default_auto_field = OBJECT_ID
