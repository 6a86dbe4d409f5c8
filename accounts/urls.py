"""The addresses of accounts: `api_urlpatterns` belong under /api/, `urlpatterns` are pages."""

from django.urls import path, re_path

from accounts import account_pages, pages, proving, reset_pages
from accounts.account_views import ApiTokensView, ApiTokenView, SessionsView
from accounts.oauth import RevokeView, TokenView
from accounts.views import MeView, UsersView

api_urlpatterns = [
    re_path(r"^users/?$", UsersView.as_view(), name="api-users"),
    re_path(r"^users/me/?$", MeView.as_view(), name="api-me"),
    re_path(r"^users/me/sessions/?$", SessionsView.as_view(), name="api-sessions"),
    re_path(r"^users/me/tokens/?$", ApiTokensView.as_view(), name="api-tokens"),
    re_path(r"^users/me/tokens/(?P<token_id>[0-9a-fA-F-]{36})/?$", ApiTokenView.as_view(), name="api-token-of-mine"),
    re_path(r"^token/?$", TokenView.as_view(), name="api-token"),
    re_path(r"^token/revoke/?$", RevokeView.as_view(), name="api-token-revoke"),
]

urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-up/", pages.SignUp.as_view(), name="sign-up"),
    path("log-in/", pages.LogIn.as_view(), name="login"),
    path("log-out/", pages.LogOut.as_view(), name="logout"),
    path("account/", account_pages.account, name="account"),
    path("account/prove-email/<token>/", proving.prove_email, name="prove-email"),
    path("password-reset/", reset_pages.AskForReset.as_view(), name="password-reset"),
    path("password-reset/sent/", reset_pages.ResetSent.as_view(), name="password-reset-sent"),
    path("password-reset/<uidb64>/<token>/", reset_pages.NewPassword.as_view(), name="password-reset-confirm"),
    path("session/token", pages.SessionToken.as_view(), name="session-token"),
]
