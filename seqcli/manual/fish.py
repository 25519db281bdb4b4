"""Completion for fish."""

from seqcli.manual.scripts import VENUES, Script

_HEAD = """# fish completion for seq and seqcli; written by seqcli.manual

function __seq_symbols
    set -l base $XDG_STATE_HOME
    test -n "$base"; or set base $HOME/.local/state
    set -l folder $SEQ_STATE_DIR
    test -n "$folder"; or set folder $base/seqcli
    test -r $folder/symbols; and while read -l line; echo $line; end <$folder/symbols
end

function __seq_profiles
    set -l base $XDG_CONFIG_HOME
    test -n "$base"; or set base $HOME/.config
    set -l folder $SEQ_CONFIG_DIR
    test -n "$folder"; or set folder $base/seqcli
    set -l heading '^\\[profiles\\."?([A-Za-z0-9_-]+)"?\\].*'
    echo local
    test -r $folder/config.toml; and string replace -rf $heading '$1' <$folder/config.toml
end

function __seq_at
    set -l at
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case @PATHS@
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end

"""
_SOURCES = {"symbols": "(__seq_symbols)", "profiles": "(__seq_profiles)", "venues": VENUES}


def text(script: Script) -> str:
    """The file ``seq.fish``."""
    paths = " ".join(f"' {path}'" for path in script.paths)
    lines = [_HEAD.replace("@PATHS@", paths)]
    for command in ("seq", "seqcli"):
        lines.append(f"complete -c {command} -f\n")
        for place in script.places:
            at = "".join(f" {word}" for word in place.words)
            start = f"complete -c {command} -n \"__seq_at '{at}'\""
            lines += [f"{start} -a {name} -d {_quoted(about)}\n" for name, about in place.verbs]
            lines += [_argument(start, place.values)] if place.values not in {"", "any"} else []
            lines += [_option(start, name, about, script) for name, about in place.options]
    return "".join(lines)


def _argument(start: str, source: str) -> str:
    return f"{start} -F\n" if source == "files" else f"{start} -a {_quoted(_SOURCES.get(source, source))}\n"


def _option(start: str, name: str, about: str, script: Script) -> str:
    source = script.taking.get(name)
    line = f"{start} -l {name.removeprefix('--')} -d {_quoted(about)}"
    if source is None:
        return f"{line}\n"
    if source in {"any", "files"}:
        return f"{line} -r{' -F' if source == 'files' else ''}\n"
    return f"{line} -x -a {_quoted(_SOURCES.get(source, source))}\n"


def _quoted(text_of: str) -> str:
    escaped = text_of.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
