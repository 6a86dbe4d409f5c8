"""Buildah with a storage of its own, kept between runs in IMAGE_CACHE (/var/tmp/collabdocs-image)."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.server import ROOT

CACHE = Path(os.environ.get("IMAGE_CACHE", "/var/tmp/collabdocs-image"))
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/images"\nrunroot = "{0}/run"\n'
CERTIFICATES = Path("/etc/ssl/certs")
PIP_SETTING = re.compile(r"^(?:global|:env:)\.(index-url|cert)='(.*)'$", re.MULTILINE)
ENV = os.environ | {"CONTAINERS_STORAGE_CONF": str(CACHE / "storage.conf"), "BUILDAH_ISOLATION": "chroot"}


def is_possible() -> bool:
    """It takes root on a Debian with buildah and debootstrap."""
    return os.geteuid() == 0 and all(map(shutil.which, ("buildah", "debootstrap", "apt-get", "node", "npm")))


def prepare() -> None:
    """Make the storage, below a directory that is ours alone."""
    CACHE.mkdir(mode=0o700, exist_ok=True)
    assert CACHE.stat().st_uid == os.geteuid(), f"{CACHE} is somebody else's"
    (CACHE / "storage.conf").write_text(STORAGE.format(CACHE))


def buildah(*command: str, seconds: float = 120) -> str:
    """What it says on its standard output; the test fails with the rest."""
    said = subprocess.run(["buildah", *command], cwd=ROOT, env=ENV, capture_output=True, text=True, timeout=seconds)
    assert said.returncode == 0, f"buildah {' '.join(command)}\n{said.stdout[-4000:]}\n{said.stderr[-4000:]}"
    return said.stdout.strip()


def make_stand_ins() -> None:
    """Of the bases that the Dockerfile names, unless they are there from another run."""
    bases = sorted(set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)), reverse=True)
    there = buildah("images", "--format", "{{.Name}}:{{.Tag}}").split()
    if not set(bases) <= set(there):
        subprocess.run([ROOT / "tests/packaging/standin.sh", *bases], env=ENV, check=True, timeout=600)


def build(tag: str, settings: Path) -> None:
    """Build the Dockerfile; pip and npm find their registries as they do on this machine."""
    own = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, timeout=60).stdout
    registry = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, timeout=60).stdout
    pip, npm = settings / "pip.conf", settings / "npmrc"
    pip.write_text(
        "\n".join(["[global]", *(f"{key} = {value}" for key, value in dict(PIP_SETTING.findall(own)).items())])
    )
    npm.write_text(f"registry={registry.strip()}\ncafile={CERTIFICATES}/ca-certificates.crt\n")
    mounts = {pip: "/etc/pip.conf", npm: "/root/.npmrc", CERTIFICATES: str(CERTIFICATES)}
    volumes = [f"--volume={source}:{target}:ro" for source, target in mounts.items()]
    buildah("bud", "--format=docker", "--pull-never", *volumes, "--tag", tag, ".", seconds=1200)
    buildah("rmi", "--prune")  # what had this tag before


def inspect(tag: str) -> dict[str, Any]:
    """What the image says of itself, as Docker keeps it."""
    config: dict[str, Any] = json.loads(buildah("inspect", "--type=image", tag))["Docker"]["config"]
    return config
