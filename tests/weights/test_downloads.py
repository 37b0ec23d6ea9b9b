"""Weights that torchvision fetches; here nothing leaves the machine."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
import torch
from torch import nn
from torchvision import models

from anydsl.errors import UsageError, WeightsError
from anydsl.weights.loading import load_weights
from tests.design.texts import net, network
from tests.weights.nets import compiled, load, same, shake


class Server:
    """Stands in for what torch.hub downloads with.

    Attributes:
        asked: the addresses that were asked for.
        content: what a download gives, or the error that it raises.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.content: object = {}

    def download(self, url: str, dst: str, hash_prefix: str | None, progress: bool) -> None:
        self.asked.append(url)
        assert hash_prefix, "what is downloaded is to be checked"
        assert not progress, "standard error is no terminal"
        if isinstance(self.content, Exception):
            raise self.content
        torch.save(self.content, dst)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    server = Server()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", server.download)
    return server


def shaken(model: nn.Module) -> dict[str, torch.Tensor]:
    shake(model)
    return dict(model.state_dict())


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("IMAGENET1K_V1", "mobilenet_v2-b0353104.pth"),
        ("IMAGENET1K_V2", "mobilenet_v2-7ebf99e0.pth"),
        ("DEFAULT", "mobilenet_v2-7ebf99e0.pth"),
        ("MobileNet_V2_Weights.IMAGENET1K_V1", "mobilenet_v2-b0353104.pth"),
    ],
)
def test_the_model_is_found_by_structure(server: Server, name: str, file: str) -> None:
    theirs = models.mobilenet_v2(weights=None).eval()
    server.content = shaken(theirs)
    of = load("classic/mobilenet_v2")
    for _ in range(2):
        assert load_weights(of.module, of.graph, f"torchvision:{name}") == ()
    assert [url.rpartition("/")[2] for url in server.asked] == [file], (
        "the second is from the cache"
    )
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(of.module(x), theirs(x), rtol=1e-5, atol=1e-5)


def test_googlenet_s_own_weights(server: Server) -> None:
    """They have heads for training, and a normalization of their own."""
    server.content = shaken(models.googlenet(weights=None, init_weights=False))
    of = load("classic/googlenet")
    notes = load_weights(of.module, of.graph, "torchvision:DEFAULT")
    assert "transform_input" in notes[0]
    assert "20 tensors for training alone are left out" in notes[1]


def test_densenet_s_own_weights(server: Server) -> None:
    """torchvision's files still have names that its model no longer has."""
    state = shaken(models.densenet121(weights=None))
    older = {re.sub(r"(layer\d+\.(?:norm|conv))", r"\1.", name): t for name, t in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in older
    server.content = older
    of = load("classic/densenet121")
    load_weights(of.module, of.graph, "torchvision:IMAGENET1K_V1")
    back = of.module.get_parameter("s4.b16.main.conv2.weight")
    assert torch.equal(back, state["features.denseblock4.denselayer16.conv2.weight"])
    other = load("classic/densenet121", seed=3)
    assert not same(other.module.state_dict(), of.module.state_dict())


def test_a_name_that_the_model_has_not(server: Server) -> None:
    of = load("classic/resnet18", device="meta")
    for name in ("IMAGENET1K_V7", "imagenet1k_v1", "", "ResNet50_Weights.IMAGENET1K_V1"):
        with pytest.raises(UsageError) as raised:
            load_weights(of.module, of.graph, f"torchvision:{name}")
        says = "torchvision's weights for resnet18 are called IMAGENET1K_V1, DEFAULT"
        assert str(raised.value) == says
    assert server.asked == []


def test_no_such_model(server: Server) -> None:
    text = net(
        "block = basic\nstage s1 { d = 1, w = 8 }", "stem { w = 8 }", head="head { classes = 3 }"
    )
    of = compiled(network(text))
    with pytest.raises(WeightsError, match="torchvision has no weights for a net of 1,523 param"):
        load_weights(of.module, of.graph, "torchvision:DEFAULT")
    of = load("classic/seresnet50", device="meta")
    with pytest.raises(WeightsError, match="torchvision has no names for a net like this"):
        load_weights(of.module, of.graph, "torchvision:DEFAULT")
    assert server.asked == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (URLError("no route to host"), "no route to host"),
        (HTTPError("http://x", 404, "Not Found", None, None), "Not Found"),
        (TimeoutError("timed out"), "timed out"),
        (RuntimeError("invalid hash value"), "invalid hash value"),
    ],
)
def test_offline(server: Server, error: Exception, says: str) -> None:
    server.content = error
    of = load("classic/resnet18", device="meta")
    with pytest.raises(
        WeightsError, match=r"torchvision can't fetch https://.*resnet18-.*"
    ) as raised:
        load_weights(of.module, of.graph, "torchvision:DEFAULT")
    assert says in str(raised.value)


def test_nothing_is_run(server: Server, tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    server.content = {"conv1.weight": Runs()}
    of = load("classic/resnet18", device="meta")
    with pytest.raises(WeightsError, match=r"resnet18-.*, or what torch's cache has of it"):
        load_weights(of.module, of.graph, "torchvision:DEFAULT")
    assert not (tmp_path / "ran").exists()


def test_a_file_of_that_name_goes_first(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    of = load("classic/resnet_cifar::R56")
    torch.save(of.module.state_dict(), "torchvision:DEFAULT")
    assert load_weights(of.module, of.graph, "torchvision:DEFAULT") == ()
    assert server.asked == []
