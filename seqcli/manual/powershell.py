"""Completion for PowerShell."""

from collections.abc import Iterable

from seqcli.manual.scripts import VENUES, Script

_TAIL = """
Register-ArgumentCompleter -Native -CommandName seq, seqcli -ScriptBlock {
    param($word, $ast, $position)
    $at = ''
    $before = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } |
        ForEach-Object { $_.ToString() })
    foreach ($one in $before) { if ($seqPlaces.ContainsKey("$at $one")) { $at = "$at $one" } }
    $words = $seqPlaces[$at]
    if ($before.Count -and $seqValues.ContainsKey($before[-1])) { $words = $seqValues[$before[-1]] }
    if ($words -eq 'symbols') {
        $folder = if ($env:SEQ_STATE_DIR) { $env:SEQ_STATE_DIR } else { "$env:LOCALAPPDATA\\seqcli" }
        $words = if (Test-Path "$folder\\symbols") { Get-Content "$folder\\symbols" } else { @() }
    }
    $words | Where-Object { $_ -like "$word*" } |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
"""


def text(script: Script) -> str:
    """The file ``seq.ps1``."""
    lines = ["# PowerShell completion for seq and seqcli; written by seqcli.manual", "", "$seqPlaces = @{"]
    for place in script.places:
        path = "".join(f" {word}" for word in place.words)
        lines.append(f"    '{path}' = {_array(name for name, _ in (*place.verbs, *place.options))}")
    lines += ["}", "$seqValues = @{"]
    for name, source in script.taking.items():
        values = VENUES if source == "venues" else source
        if values == "symbols":
            lines.append(f"    '{name}' = 'symbols'")
        elif values not in {"any", "files", "profiles"}:
            lines.append(f"    '{name}' = {_array(values.split())}")
    return "\n".join([*lines, "}"]) + "\n" + _TAIL


def _array(words: Iterable[str]) -> str:
    return "@(" + ", ".join(f"'{word}'" for word in words) + ")"
