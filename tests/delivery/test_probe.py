"""An image is well only if it was migrated, became healthy and ended by itself. Docker is a stand-in here; what is
true of the real image, `make image-test` finds out with buildah."""

from pathlib import Path

import pytest

from tests.delivery.stand_in import StandIn

WELL = {"State.Health.Status": "healthy", "State.ExitCode": "0"}


def tried(directory: Path, **answers: str) -> tuple[int, list[str]]:
    """How it ended, and what Docker was asked for."""
    docker = StandIn(
        directory, "docker", WELL | {f"State.{key.replace('_', '.')}": said for key, said in answers.items()}
    )
    ended = docker.run("tests/delivery/probe.sh", "collabdocs:tried").returncode
    asked = [" ".join(words) for words in docker.asked()]
    assert [line for line in asked if line.startswith("rm --force")] and asked[-1].startswith("volume rm")
    return ended, asked


def test_a_good_image_passes(tmp_path: Path) -> None:
    ended, asked = tried(tmp_path)
    assert ended == 0
    (migrated, started) = (line for line in asked if line.startswith("run "))
    assert migrated.endswith("collabdocs:tried python manage.py migrate --verbosity 0")
    assert started.endswith("collabdocs:tried") and "--read-only" in started


@pytest.mark.parametrize("answer", [{"Health_Status": "unhealthy"}, {"ExitCode": "137"}])
def test_a_bad_image_does_not(tmp_path: Path, answer: dict[str, str]) -> None:
    assert tried(tmp_path, **answer)[0] != 0
