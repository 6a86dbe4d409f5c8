"""The headers of answers that are given before Django is asked, which adds its own to all others: whatever they are
taken for, they do nothing."""

from collabdocs.finishing import POLICY as NO_DEVICES

GUARDS = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", NO_DEVICES.encode()),
    (b"cache-control", b"no-store"),
)
