"""All copies end up equal: by hand for the telling cases, then by chance for many seeds.

CONVERGENCE_SEEDS=100000 pytest documents/ot/tests/test_convergence.py looks longer.
"""

import os

import pytest

from documents.ot.tests.simulation import Client, Network, Server, run_simulation

SEEDS = int(os.environ.get("CONVERGENCE_SEEDS", "1000"))


@pytest.fixture
def server() -> Server:
    return Server("the cat")


@pytest.fixture
def alice(server: Server) -> Client:
    return Client("alice", server)


@pytest.fixture
def bob(server: Server) -> Client:
    return Client("bob", server)


@pytest.fixture
def network(server: Server, alice: Client, bob: Client) -> Network:
    return Network(server, [alice, bob])


def test_it_works(network: Network, server: Server, alice: Client, bob: Client) -> None:
    alice.types("black ", at=4)
    bob.types("!", at=7)
    network.drain()
    network.assert_converged()
    assert server.text == "the black cat!"


def test_the_later_stands_left(network: Network, server: Server, alice: Client, bob: Client) -> None:
    alice.types("A", at=3)
    bob.types("B", at=3)
    network.deliver_submission(alice)
    network.drain()
    network.assert_converged()
    assert server.text == "theBA cat"


def test_typing_on_while_in_flight(network: Network, server: Server, alice: Client, bob: Client) -> None:
    for at, letter in enumerate("hello "):
        alice.types(letter, at=at)
    bob.edits((4, -3))
    network.drain()
    network.assert_converged()
    assert server.text == "hello the "
    assert [(entry.client, entry.operation) for entry in server.log if entry.client == "alice"] == [
        ("alice", ("h",)),
        ("alice", (1, "ello ")),
    ]


def test_a_lost_acknowledgement_commits_once(network: Network, server: Server, alice: Client, bob: Client) -> None:
    alice.types("A", at=0)
    network.deliver_submission(alice)
    alice.disconnects()
    bob.types("B", at=0)
    network.drain()
    network.assert_converged()
    assert server.text == "BAthe cat"
    assert len(server.log) == 2


def test_a_lost_submission_is_sent_again(network: Network, server: Server, alice: Client, bob: Client) -> None:
    alice.types("A", at=0)
    alice.disconnects()
    network.drain()
    network.assert_converged()
    assert server.text == "Athe cat"


def test_a_stalled_submission_commits_once(network: Network, server: Server, alice: Client, bob: Client) -> None:
    alice.types("A", at=0)
    alice.disconnects(stalling=True)
    bob.types("B", at=0)
    network.deliver_submission(alice)
    network.deliver_stalled()
    network.drain()
    network.assert_converged()
    assert server.text == "BAthe cat"
    assert len(server.log) == 2


def test_what_is_typed_offline_comes_along(network: Network, server: Server, alice: Client, bob: Client) -> None:
    alice.types("A", at=7)
    bob.types("B", at=0)
    network.deliver_submission(bob)
    alice.disconnects()
    alice.types("C", at=8)
    network.drain()
    network.assert_converged()
    assert server.text == "Bthe catAC"


def test_by_chance() -> None:
    for seed in range(SEEDS):
        run_simulation(seed)
