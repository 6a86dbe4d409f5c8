"""The admin's pages for people, their sessions and tokens, and what other admins' pages are built of.

Nobody is deleted here: an account is erased, its row stays.
"""

from django.contrib import admin

from accounts.admin import audit, people, sessions
from accounts.forms import AdminLogInForm

__all__ = ["audit", "people", "sessions"]

admin.site.login_form = AdminLogInForm
admin.site.site_header = admin.site.site_title = "CollabDocs administration"
admin.site.index_title = "What there is"
