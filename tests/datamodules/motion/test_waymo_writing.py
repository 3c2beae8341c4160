"""Written Waymo records are read back unchanged."""

import numpy as np
import pytest
from scenario_files import scenario_payload

from softsym.datamodules.motion.waymo_records import WaymoRecord, example_payload, parse_record


def record(agents=4):
    rng = np.random.default_rng(0)
    valid = rng.uniform(size=(agents, 91)) < 0.8
    return WaymoRecord(rng.normal(-5000, 50, (agents, 91, 3)), valid, "scene")


@pytest.mark.parametrize("agents", [1, 4, 128])
def test_example_is_padded_and_single_precision(agents):
    actual, wanted = parse_record(example_payload(record(agents))), record(agents)
    assert actual.positions.shape == (128, 91, 3)
    assert (actual.positions.dtype, actual.valid.dtype) == (np.float64, bool)
    assert actual.scenario_id == "scene"
    np.testing.assert_array_equal(actual.valid[:agents], wanted.valid)
    assert not actual.valid[agents:].any()
    seen = actual.positions[:agents][wanted.valid]
    np.testing.assert_array_equal(seen, wanted.positions[wanted.valid].astype(np.float32))


@pytest.mark.parametrize("agents", [1, 4, 200])
def test_scenario_is_double_precision(agents):
    actual, wanted = parse_record(scenario_payload(record(agents))), record(agents)
    assert actual.scenario_id == "scene"
    np.testing.assert_array_equal(actual.valid, wanted.valid)
    np.testing.assert_array_equal(actual.positions[actual.valid], wanted.positions[wanted.valid])


def test_too_many_agents_for_an_example():
    with pytest.raises(ValueError, match="holds 128 agents, this record has 129"):
        example_payload(record(agents=129))
