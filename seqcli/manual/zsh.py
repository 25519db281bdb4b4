"""Completion for zsh, with what each word means beside it."""

from seqcli.manual.scripts import VENUES, Script

_HEAD = """#compdef seq seqcli
# zsh completion for seq and seqcli; written by seqcli.manual

_seq_values() {
  local -a found
  local file line
  case "$1" in
    symbols)
      file="${SEQ_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/seqcli}/symbols"
      [[ -r $file ]] && found=(${(f)"$(<$file)"}) ;;
    profiles)
      file="${SEQ_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/seqcli}/config.toml"
      found=(local)
      [[ -r $file ]] && for line in ${(f)"$(<$file)"}; do
        [[ $line =~ '^\\[profiles\\."?([A-Za-z0-9_-]+)"?\\]' ]] && found+=($match[1])
      done ;;
    files) _files; return ;;
    venues) found=(@VENUES@) ;;
    any) return ;;
    *) found=(${=1}) ;;
  esac
  compadd -a found
}

_seq() {
  local at="" word
  local -a verbs flags
  for word in ${words[2,CURRENT-1]}; do
    case "$at $word" in
"""
_TAIL = """  esac
  if [[ $PREFIX == -* ]]; then _describe option flags; else _describe command verbs; fi
}

_seq "$@"
"""


def text(script: Script) -> str:
    """The file ``_seq``."""
    paths = "|".join(f'" {path}"' for path in script.paths)
    lines = [_HEAD.replace("@VENUES@", VENUES) + f'      {paths}) at+=" $word" ;;']
    lines += ["    esac", "  done", '  case "${words[CURRENT-1]}" in']
    for source in sorted(set(script.taking.values())):
        names = "|".join(name for name, its in script.taking.items() if its == source)
        lines.append(f'    {names}) _seq_values "{source}"; return ;;')
    lines += ["  esac", '  case "$at" in']
    for place in script.places:
        path = "".join(f" {word}" for word in place.words)
        verbs = " ".join(_entry(*verb) for verb in place.verbs)
        flags = " ".join(_entry(*option) for option in place.options)
        more = f' [[ $PREFIX == -* ]] || _seq_values "{place.values}";' if place.values else ""
        lines.append(f'    "{path}"){more} verbs=({verbs}) flags=({flags}) ;;')
    return "\n".join(lines) + "\n" + _TAIL


def _entry(name: str, help_text: str) -> str:
    plain = f"{name}:{help_text}".replace("'", "'\\''")
    return f"'{plain}'"
