"""Tests of the completions: they know every command, and the shells read them."""

import shutil
import subprocess

import pytest

from hullmark.cli import COMMANDS, ExitStatus, main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_every_command_and_its_options(shell, capsys):
    assert main(["completion", shell]) == ExitStatus.FINE
    script = capsys.readouterr().out
    for word in (*COMMANDS, "market", "parquet"):
        assert word in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [(["hullmark", "mar"], "margin"), (["hullmark", "margin", "--js"], "--json")],
)
def test_bash_completes_commands_and_options(line, expected, capsys):
    main(["completion", "bash"])
    script = capsys.readouterr().out
    words = " ".join(line)
    script += f"COMP_WORDS=({words}); COMP_CWORD={len(line) - 1}; _hullmark; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == [expected], done.stderr
