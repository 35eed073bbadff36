"""The ``hullmark completion`` command."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

_BASH = """\
# bash: source <(hullmark completion bash)
_hullmark() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" options="" words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{commands} --help --version" -- "$word"))
        return
    fi
    case "${{COMP_WORDS[1]}}" in
{cases}
    esac
    case "$word" in
        -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
        *) COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word")) ;;
    esac
}}
complete -o filenames -F _hullmark hullmark
"""

_ZSH = """\
#compdef hullmark
# zsh: source <(hullmark completion zsh)
_hullmark() {{
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe 'command' commands
        return
    fi
    case "${{words[2]}}" in
{cases}
    esac
}}
compdef _hullmark hullmark
"""

_FISH = """\
# fish: hullmark completion fish | source
complete -c hullmark -n __fish_use_subcommand -f -l version -d 'print the version and exit'
{lines}
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("shell", choices=tuple(SHELLS), help="which shell to write for")


def run(args: Namespace) -> int:
    """Print the script. It knows the commands and options of this version."""
    from hullmark.cli._main import ExitStatus

    print(SHELLS[args.shell](), end="")
    return ExitStatus.FINE


def bash() -> str:
    """Return the completions for bash."""
    cases = "\n".join(
        f'        {name}) options="{" ".join(options)}" words="{" ".join(words)}" ;;'
        for name, _, options, words in _commands()
    )
    return _BASH.format(commands=" ".join(c[0] for c in _commands()), cases=cases)


def zsh() -> str:
    """Return the completions for zsh."""
    commands = "\n".join(f"        '{name}:{help_}'" for name, help_, _, _ in _commands())
    cases = "\n".join(
        f"        {name}) compadd -- {' '.join([*options, *words])}; _files ;;"
        for name, _, options, words in _commands()
    )
    return _ZSH.format(commands=commands, cases=cases)


def fish() -> str:
    """Return the completions for fish."""
    lines = []
    for name, help_, options, words in _commands():
        lines.append(f"complete -c hullmark -n __fish_use_subcommand -f -a {name} -d '{help_}'")
        seen = f"complete -c hullmark -n '__fish_seen_subcommand_from {name}'"
        lines += [f"{seen} -l {option.removeprefix('--')}" for option in options]
        lines += [f"{seen} -a {word}" for word in words]
    return _FISH.format(lines="\n".join(lines))


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


# Of every command: name, summary, long options, fixed words.
def _commands() -> list[tuple[str, str, list[str], list[str]]]:
    from importlib import import_module

    from hullmark.cli._main import COMMANDS

    found = []
    for name, (module, summary) in COMMANDS.items():
        parser = ArgumentParser(prog=name)
        import_module(module).add_arguments(parser)
        actions = parser._actions  # argparse shows its arguments no other way
        options = [o for a in actions for o in a.option_strings if o.startswith("--")]
        words = [str(c) for a in actions if not a.option_strings for c in a.choices or ()]
        found.append((name, summary.replace("'", ""), options, words))
    return found
