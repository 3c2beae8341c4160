from __future__ import annotations

import pytest

from softsym.cli import resolvers
from softsym.cli.init import main, write_project
from softsym.cli.overrides import check_overrides, hydra_arguments
from softsym.cli.settings.constructors import check_constructors
from softsym.cli.settings.schema import Unknown
from softsym.runs.errors import UserError

resolvers.register()


def test_writes_a_project_and_says_how_to_train_it(tmp_path, capsys):
    main([str(tmp_path / "mine")])
    names = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert {"mine/conf/experiment/first.yaml", "mine/own/network.py", "mine/test_own.py"} < names
    assert f"cd {tmp_path / 'mine'} && softsym train experiment=first" in capsys.readouterr().out


def test_never_writes_over_a_file(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "data.py").write_text("mine")
    with pytest.raises(UserError, match=r"own/data.py' is there already. Choose another folder"):
        write_project(tmp_path)
    assert (tmp_path / "own" / "data.py").read_text() == "mine"
    assert not (tmp_path / "conf").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/.*' cannot be written: "):
        write_project(tmp_path / "file")


def test_parts_of_the_project_can_be_replaced(tmp_path, monkeypatch):
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    own = hydra_arguments(["experiment=first", "run_dir=x"])
    assert set(check_overrides(own).regularizers) == {"xy", "yz", "xz"}
    assert check_overrides([*own, "regularizers=none", "network=mlp"]).regularizers == {}


def test_a_module_that_is_not_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no module 'mine'.* current folder, which is '.*': go to"):
        check_constructors({"network": {"_target_": "mine.network.Own"}}, Unknown)
