"""The verb list."""

from __future__ import annotations

import jsonschema
import pytest

from cosynth.report.schema import schema


@pytest.mark.parametrize("kind", ["models", "hardware", "formats", "optimizers", "families"])
def test_every_kind_is_listed(run, kind):
    said = run("list", kind)
    assert (said.code, said.err) == (0, "")
    assert said.widest <= 80
    data = run("list", kind, "--json").data
    jsonschema.validate(data, schema("list"))
    assert data["entries"]
    assert all(entry["about"] for entry in data["entries"])
    assert all(entry["name"] in said.out for entry in data["entries"])


def test_unknown_kind_wrong(run):
    said = run("list", "model")
    assert (said.code, said.err) == (
        2,
        "error: no list of 'model'; did you mean 'models'?;"
        " there are models, hardware, formats, optimizers, families\n",
    )
