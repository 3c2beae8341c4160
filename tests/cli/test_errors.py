from __future__ import annotations

import errno

import pytest
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf.errors import OmegaConfBaseException

from softsym.cli.errors import explain, reported
from softsym.runs.errors import UserError


def failure(config):
    with pytest.raises(InstantiationException) as caught:
        instantiate(config)
    return explain(caught.value)


def test_message_and_exit_code(capsys):
    with pytest.raises(SystemExit) as left, reported():
        raise UserError("it went wrong")
    assert left.value.code == 1
    assert "error: it went wrong" in capsys.readouterr().err


def test_an_interrupt_that_an_import_turned_into_an_error_is_still_one(capsys):
    with pytest.raises(SystemExit) as left, reported():
        raise ImportError("Traceback: could not be loaded") from KeyboardInterrupt()
    assert left.value.code == 130
    assert capsys.readouterr().err.strip().startswith("Interrupted.")


def test_a_full_disk_is_the_users_to_mend_another_error_of_the_system_is_not(capsys):
    with pytest.raises(SystemExit), reported():
        raise OSError(errno.EDQUOT, "Disk quota exceeded")
    assert "make room, then continue with ckpt_path=last" in capsys.readouterr().err
    with pytest.raises(OSError, match="Input/output"), reported():
        raise OSError(errno.EIO, "Input/output error")


def test_commands_without_checkpoints_give_no_advice_about_them(capsys):
    for error in (KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left"), ValueError("x")):
        with pytest.raises(SystemExit), reported(command="report"):
            raise error
    said = capsys.readouterr().err
    assert "ckpt_path" not in said
    assert "debug=true" not in said
    assert "Interrupted." in said
    assert "Make room, then give the same command again" in said


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP])
def test_a_place_that_cannot_be_written_is_the_users_to_mend(number, capsys):
    with pytest.raises(SystemExit), reported():
        raise OSError(number, "It cannot be", "/some/place")
    assert (
        "'/some/place' cannot be used: It cannot be. Name another place" in capsys.readouterr().err
    )


def test_debug_keeps_the_traceback():
    with pytest.raises(ValueError, match="deep"), reported(debug=True):
        raise ValueError("deep")


def test_programming_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError), reported():
        raise ZeroDivisionError


def test_cause_of_a_failed_construction_with_its_place():
    config = {"a": {"_target_": "softsym.regularizers.WeightDecay", "strength": -1}}
    assert failure(config).startswith("a: Regularizer 'WeightDecay': strength must be")


def test_unknown_argument_lists_the_known_ones():
    text = failure({"_target_": "softsym.regularizers.AdjustOnce", "epochs": 3})
    assert "'epochs'" in text
    assert "AdjustOnce takes: epoch, exponent, window, growth, relative." in text


def test_unknown_class_is_named():
    assert "regularizers.Nothing" in failure({"_target_": "regularizers.Nothing"})


def test_errors_of_computed_values_say_what_is_wrong_alone():
    text = "ValueError raised while resolving interpolation: datamodule.dt must be above 0"
    assert explain(OmegaConfBaseException(text)) == "datamodule.dt must be above 0"
    text = "Interpolation key 'a.b' not found\n    full_key: name\n    object_type=dict"
    assert explain(OmegaConfBaseException(text)) == "name: Interpolation key 'a.b' not found"
