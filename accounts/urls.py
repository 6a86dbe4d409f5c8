"""The addresses of accounts: `api_urlpatterns` belong under /api/, `urlpatterns` are pages."""

from django.urls import path, re_path

from accounts import pages
from accounts.oauth import RevokeView, TokenView
from accounts.views import MeView, UsersView

api_urlpatterns = [
    re_path(r"^users/?$", UsersView.as_view(), name="api-users"),
    re_path(r"^users/me/?$", MeView.as_view(), name="api-me"),
    re_path(r"^token/?$", TokenView.as_view(), name="api-token"),
    re_path(r"^token/revoke/?$", RevokeView.as_view(), name="api-token-revoke"),
]

urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-up/", pages.SignUp.as_view(), name="sign-up"),
    path("log-in/", pages.LogIn.as_view(), name="login"),
    path("log-out/", pages.LogOut.as_view(), name="logout"),
    path("session/token", pages.SessionToken.as_view(), name="session-token"),
]
