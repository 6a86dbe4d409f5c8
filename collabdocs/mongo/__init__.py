"""MongoDB beside Django's own apps: their keys, their migrations, and the order of a pipeline's stages.

The name of this package is the ENGINE of the setting.
"""
