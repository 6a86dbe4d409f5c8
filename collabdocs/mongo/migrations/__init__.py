"""Those of Django's own apps, as they are with the keys of MongoDB."""
