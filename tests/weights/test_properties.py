"""Whatever the net: a library has a name for each of its tensors, or says why not."""

from __future__ import annotations

from hypothesis import event, given, settings

from anydsl.blocks.graphing import build_graph
from anydsl.errors import WeightsError
from anydsl.lowering.compiler import lower
from anydsl.lowering.initialization import initialize
from anydsl.weights.loading import load_tensors
from anydsl.weights.naming import LIBRARIES, renamed
from tests.lowering.test_properties import network
from tests.strategies import networks
from tests.weights.nets import same


@settings(max_examples=40)
@given(networks(remarks=False))
def test_names_lead_back(text: str) -> None:
    graph = build_graph(network(text))
    module = lower(graph)
    initialize(module)
    state = module.state_dict()
    for library in LIBRARIES:
        try:
            theirs = renamed(graph, state, library)
        except WeightsError as error:
            event(f"{library} has none")
            assert "no names for a net like this" in str(error)
            continue
        event(f"{library} has names")
        other = lower(graph)
        assert load_tensors(other, graph, theirs, library) == ()
        assert same(other.state_dict(), dict(state))
