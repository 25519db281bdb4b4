"""Completion for bash: words and flags are in the script, symbols and profiles are read from files on disk."""

from seqcli.manual.scripts import VENUES, Script

_HEAD = """# bash completion for seq and seqcli; written by seqcli.manual

_seq_lines() { local line; while IFS= read -r line; do words+=" $line"; done 2>/dev/null <"$1"; return 0; }

_seq_profiles() {
  local file="${SEQ_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/seqcli}/config.toml" line
  words="local"
  while IFS= read -r line; do
    [[ $line =~ ^\\[profiles\\.\\"?([A-Za-z0-9_-]+)\\"?\\] ]] && words+=" ${BASH_REMATCH[1]}"
  done 2>/dev/null <"$file"
  return 0
}

_seq_values() {
  case "$1" in
    symbols) _seq_lines "${SEQ_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/seqcli}/symbols" ;;
    profiles) _seq_profiles ;;
    files) COMPREPLY=($(compgen -f -- "$cur")); return 1 ;;
    venues) words="@VENUES@" ;;
    any) return 1 ;;
    *) words="$1" ;;
  esac
}

_seq() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" at="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
"""
_TAIL = """  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

complete -F _seq seq seqcli
"""


def text(script: Script) -> str:
    """The file ``seq.bash``."""
    paths = "|".join(f'" {path}"' for path in script.paths)
    lines = [_HEAD.replace("@VENUES@", VENUES) + f'      {paths}) at+=" ${{COMP_WORDS[i]}}" ;;']
    lines += ["    esac", "  done", '  case "$prev" in']
    for source in sorted(set(script.taking.values())):
        names = "|".join(name for name, its in script.taking.items() if its == source)
        lines.append(f'    {names}) _seq_values "{source}" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;')
    lines += ["  esac", '  case "$at" in']
    for place in script.places:
        path = "".join(f" {word}" for word in place.words)
        fixed = " ".join(name for name, _ in (*place.verbs, *place.options))
        more = f' [[ $cur == -* ]] || _seq_values "{place.values}" || return;' if place.values else ""
        lines.append(f'    "{path}"){more} words+=" {fixed}" ;;')
    return "\n".join(lines) + "\n" + _TAIL
