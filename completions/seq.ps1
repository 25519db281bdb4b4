# PowerShell completion for seq and seqcli; written by seqcli.manual

$seqPlaces = @{
    '' = @('quote', 'order', 'fills', 'portfolio', 'market', 'killswitch', 'creds', 'algo', 'health', 'sandbox', 'journal', 'config', 'doctor', 'api', 'help', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' quote' = @('--depth', '--watch', '--max-age', '--all', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order' = @('buy', 'sell', 'submit', 'preview', 'list', 'show', 'wait', 'cancel', 'amend', 'decrease', 'pending', 'reconcile', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order buy' = @('--limit', '--price', '--notional', '--venue', '--type', '--tif', '--urgency', '--policy', '--max-slippage-bps', '--slippage-bps', '--horizon', '--sandbox', '--graph-id', '--wait', '--wait-timeout', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order sell' = @('--limit', '--price', '--notional', '--venue', '--type', '--tif', '--urgency', '--policy', '--max-slippage-bps', '--slippage-bps', '--horizon', '--sandbox', '--graph-id', '--wait', '--wait-timeout', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order submit' = @('--limit', '--price', '--notional', '--venue', '--type', '--tif', '--urgency', '--policy', '--max-slippage-bps', '--slippage-bps', '--horizon', '--sandbox', '--graph-id', '--wait', '--wait-timeout', '--symbol', '--side', '--qty', '--anew', '--parallel', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order preview' = @('--limit', '--price', '--notional', '--venue', '--type', '--tif', '--urgency', '--policy', '--max-slippage-bps', '--slippage-bps', '--horizon', '--sandbox', '--graph-id', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order list' = @('--symbol', '--venue', '--status', '--graph', '--open', '--max', '--all', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order show' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order wait' = @('--wait-timeout', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order cancel' = @('--all', '--symbol', '--venue', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order amend' = @('--qty', '--limit', '--price', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order decrease' = @('--by', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order pending' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' order reconcile' = @('--resend', '--abandon', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' fills' = @('list', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' fills list' = @('--symbol', '--venue', '--order', '--max', '--all', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' portfolio' = @('show', 'positions', 'balances', 'sync', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' portfolio show' = @('--venue', '--kind', '--all', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' portfolio positions' = @('--venue', '--kind', '--all', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' portfolio balances' = @('--venue', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' portfolio sync' = @('--venue', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' market' = @('symbols', 'fees', 'venues', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' market symbols' = @('--venue', '--type', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' market fees' = @('--venue', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' market venues' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' killswitch' = @('on', 'off', 'status', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' killswitch on' = @('--reason', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' killswitch off' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' killswitch status' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds' = @('login', 'logout', 'status', 'use', 'list', 'venue', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds login' = @('--from', '--base-url', '--plaintext', '--no-check', '--key-file', '--key-helper', '--key-env', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds logout' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds status' = @('--check', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds use' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds list' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds venue' = @('list', 'add', 'remove', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds venue list' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds venue add' = @('--from', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' creds venue remove' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' algo' = @('deploy', 'list', 'show', 'start', 'stop', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' algo deploy' = @('--symbol', '--name', '--venue', '--label', '--start', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' algo list' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' algo show' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' algo start' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' algo stop' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' health' = @('check', 'live', 'edges', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' health check' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' health live' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' health edges' = @('--detail', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox' = @('serve', 'start', 'stop', 'status', 'reset', 'settings', 'seed', 'tape', 'faults', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox serve' = @('--port', '--host', '--state', '--seed', '--qps', '--tape', '--tape-speed', '--tape-once', '--faults', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox start' = @('--port', '--host', '--state', '--seed', '--qps', '--tape', '--tape-speed', '--tape-once', '--faults', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox stop' = @('--state', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox status' = @('--state', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox reset' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox settings' = @('--fill-model', '--maker-bps', '--taker-bps', '--seed', '--balance', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox seed' = @('--venue', '--kind', '--symbol', '--qty', '--entry-price', '--replace', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox tape' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' sandbox faults' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' journal' = @('list', 'show', 'verify', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' journal list' = @('--max', '--all', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' journal show' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' journal verify' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' config' = @('get', 'set', 'list', 'path', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' config get' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' config set' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' config list' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' config path' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' doctor' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' api' = @('--field', '--input', '--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
    ' help' = @('--profile', '--local', '--output', '--json', '--fields', '--quiet', '--dry-run', '--yes', '--no-input', '--timeout', '--verbose', '--color', '--version', '--help')
}
$seqValues = @{
    '--color' = @('auto', 'always', 'never')
    '--fill-model' = @('adversarial', 'instant', 'none')
    '--from' = @('FILE', '-')
    '--kind' = @('fiat', 'crypto', 'perp', 'event_contract')
    '--output' = @('table', 'json', 'ndjson', 'csv', 'raw')
    '--policy' = @('sor', 'aggressive_chase', 'passive')
    '--side' = @('buy', 'sell')
    '--symbol' = 'symbols'
    '--tif' = @('gtc', 'ioc', 'fok', 'post_only')
    '--type' = @('spot', 'perp', 'prediction')
    '--urgency' = @('low', 'medium', 'high')
    '--venue' = @('binance', 'bitget', 'bybit', 'coinbase', 'cryptocom', 'dex', 'dex_ethereum', 'hyperliquid', 'kalshi', 'kraken', 'okx', 'polymarket', 'solana')
    '-o' = @('table', 'json', 'ndjson', 'csv', 'raw')
}

Register-ArgumentCompleter -Native -CommandName seq, seqcli -ScriptBlock {
    param($word, $ast, $position)
    $at = ''
    $before = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } |
        ForEach-Object { $_.ToString() })
    foreach ($one in $before) { if ($seqPlaces.ContainsKey("$at $one")) { $at = "$at $one" } }
    $words = $seqPlaces[$at]
    if ($before.Count -and $seqValues.ContainsKey($before[-1])) { $words = $seqValues[$before[-1]] }
    if ($words -eq 'symbols') {
        $folder = if ($env:SEQ_STATE_DIR) { $env:SEQ_STATE_DIR } else { "$env:LOCALAPPDATA\seqcli" }
        $words = if (Test-Path "$folder\symbols") { Get-Content "$folder\symbols" } else { @() }
    }
    $words | Where-Object { $_ -like "$word*" } |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
