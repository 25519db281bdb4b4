# bash completion for seq and seqcli; written by seqcli.manual

_seq_lines() { local line; while IFS= read -r line; do words+=" $line"; done 2>/dev/null <"$1"; return 0; }

_seq_profiles() {
  local file="${SEQ_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/seqcli}/config.toml" line
  words="local"
  while IFS= read -r line; do
    [[ $line =~ ^\[profiles\.\"?([A-Za-z0-9_-]+)\"?\] ]] && words+=" ${BASH_REMATCH[1]}"
  done 2>/dev/null <"$file"
  return 0
}

_seq_values() {
  case "$1" in
    symbols) _seq_lines "${SEQ_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/seqcli}/symbols" ;;
    profiles) _seq_profiles ;;
    files) COMPREPLY=($(compgen -f -- "$cur")); return 1 ;;
    venues) words="binance bitget bybit coinbase cryptocom dex dex_ethereum hyperliquid kalshi kraken okx polymarket solana" ;;
    any) return 1 ;;
    *) words="$1" ;;
  esac
}

_seq() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" at="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
      " quote"|" order"|" order buy"|" order sell"|" order submit"|" order preview"|" order list"|" order show"|" order wait"|" order cancel"|" order amend"|" order decrease"|" order pending"|" order reconcile"|" graph"|" graph twap"|" graph bracket"|" graph hedge"|" graph submit"|" graph validate"|" graph list"|" graph show"|" graph cancel"|" graph resume"|" graph amend-node"|" fills"|" fills list"|" portfolio"|" portfolio show"|" portfolio positions"|" portfolio balances"|" portfolio history"|" portfolio sync"|" market"|" market symbols"|" market fees"|" market venues"|" market book"|" market history"|" market funding"|" market fair-price"|" market pools"|" market token"|" market route"|" market intel"|" market intel venues"|" market intel slippage"|" market intel depth"|" predict"|" predict markets"|" predict show"|" predict settlement"|" predict redeem"|" predict rewards"|" predict follow"|" stream"|" analytics"|" analytics tca"|" analytics execution"|" analytics venues"|" analytics market"|" analytics portfolio"|" analytics ab"|" execution"|" execution forecast"|" execution simulate"|" execution live"|" execution review"|" execution summary"|" execution trace"|" risk"|" risk limits"|" risk follow"|" risk alerts"|" killswitch"|" killswitch on"|" killswitch off"|" killswitch status"|" creds"|" creds login"|" creds logout"|" creds status"|" creds use"|" creds list"|" creds venue"|" creds venue list"|" creds venue add"|" creds venue remove"|" creds key"|" creds key list"|" creds key create"|" creds key rotate"|" creds key revoke"|" creds wallet"|" creds wallet list"|" creds wallet show"|" creds wallet create"|" creds wallet withdraw"|" algo"|" algo init"|" algo build"|" algo deploy"|" algo list"|" algo show"|" algo start"|" algo stop"|" algo backtest"|" algo job"|" algo job list"|" algo job show"|" algo job wait"|" algo job cancel"|" algo undeploy"|" algo logs"|" algo metrics"|" algo traces"|" algo mesh"|" strategy"|" strategy deploy"|" strategy list"|" strategy show"|" strategy start"|" strategy stop"|" strategy logs"|" strategy delete"|" health"|" health check"|" health live"|" health edges"|" sandbox"|" sandbox serve"|" sandbox start"|" sandbox stop"|" sandbox status"|" sandbox reset"|" sandbox settings"|" sandbox seed"|" sandbox tape"|" sandbox faults"|" sandbox faults check"|" sandbox faults venue-down"|" sandbox faults venue-up"|" sandbox faults list"|" journal"|" journal list"|" journal show"|" journal verify"|" config"|" config get"|" config set"|" config list"|" config path"|" doctor"|" api"|" help") at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$prev" in
    --routing-version) _seq_values "1 2 3" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --from|--secrets-from) _seq_values "FILE -" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --speed) _seq_values "X max" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --fill-model) _seq_values "adversarial instant none" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --at-ratio|--balance|--base-url|--capital|--chain|--chart|--dask|--depth|--end|--entry-limit|--entry-price|--every|--expand|--field|--fields|--for|--graph|--graph-id|--horizon|--host|--id|--key-env|--key-helper|--label|--level|--limit|--maker-bps|--max|--max-age|--max-events|--max-slippage-bps|--memory-mb|--name|--notional|--order|--parallel|--port|--price|--protocol|--qps|--qty|--range|--ratio|--reason|--role|--run|--save-as|--seed|--since|--sizes|--slices|--slippage-bps|--start|--status|--stop-loss|--tag|--take-profit|--taker-bps|--tape-speed|--timeout|--to|--until|--wait-timeout|--wallet|--watch|-F) _seq_values "any" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --color) _seq_values "auto always never" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --side) _seq_values "buy sell" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --kind) _seq_values "fiat crypto perp event_contract" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --faults|--html|--input|--key-file|--record|--replay|--state|--sweep|--tape) _seq_values "files" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --tif) _seq_values "gtc ioc fok post_only" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --by) _seq_values "hour day venue quality" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --urgency) _seq_values "low medium high" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --profile) _seq_values "profiles" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --lang) _seq_values "rust c" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --policy) _seq_values "sor aggressive_chase passive" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --type) _seq_values "spot perp prediction" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --symbol|--symbols|--with) _seq_values "symbols" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --output|-o) _seq_values "table json ndjson csv raw" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
    --venue) _seq_values "venues" && COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;
  esac
  case "$at" in
    "") words+=" quote order graph fills portfolio market predict stream analytics execution risk killswitch creds algo strategy health sandbox journal config doctor api help --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " quote") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --depth --watch --max-age --all --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order") words+=" buy sell submit preview list show wait cancel amend decrease pending reconcile --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order buy") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --limit --price --notional --venue --type --tif --urgency --policy --max-slippage-bps --slippage-bps --horizon --sandbox --graph-id --wait --wait-timeout --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order sell") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --limit --price --notional --venue --type --tif --urgency --policy --max-slippage-bps --slippage-bps --horizon --sandbox --graph-id --wait --wait-timeout --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order submit") [[ $cur == -* ]] || _seq_values "FILE -" || return; words+=" --limit --price --notional --venue --type --tif --urgency --policy --max-slippage-bps --slippage-bps --horizon --sandbox --graph-id --wait --wait-timeout --symbol --side --qty --anew --parallel --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order preview") [[ $cur == -* ]] || _seq_values "buy sell" || return; words+=" --limit --price --notional --venue --type --tif --urgency --policy --max-slippage-bps --slippage-bps --horizon --sandbox --graph-id --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order list") words+=" --symbol --venue --status --graph --open --max --all --watch --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order wait") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --wait-timeout --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order cancel") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --all --symbol --venue --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order amend") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --qty --limit --price --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order decrease") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --by --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order pending") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " order reconcile") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --resend --abandon --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph") words+=" twap bracket hedge submit validate list show cancel resume amend-node --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph twap") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --slices --every --limit --price --notional --venue --type --tif --urgency --policy --max-slippage-bps --slippage-bps --horizon --sandbox --graph-id --wait --wait-timeout --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph bracket") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --take-profit --stop-loss --entry-limit --venue --type --urgency --max-slippage-bps --slippage-bps --sandbox --graph-id --wait --wait-timeout --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph hedge") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --with --venue --at-ratio --streaming --ratio --limit --price --urgency --max-slippage-bps --slippage-bps --sandbox --graph-id --wait --wait-timeout --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph submit") [[ $cur == -* ]] || _seq_values "FILE -" || return; words+=" --wait --wait-timeout --graph-id --sandbox --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph validate") [[ $cur == -* ]] || _seq_values "FILE -" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph list") words+=" --status --max --all --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --watch --all --mermaid --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph cancel") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph resume") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " graph amend-node") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --qty --limit --price --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " fills") words+=" list --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " fills list") words+=" --symbol --venue --order --max --all --follow --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " portfolio") words+=" show positions balances history sync --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " portfolio show") words+=" --venue --kind --closed --all --watch --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " portfolio positions") words+=" --venue --kind --closed --all --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " portfolio balances") words+=" --venue --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " portfolio history") words+=" --range --every --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " portfolio sync") words+=" --venue --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market") words+=" symbols fees venues book history funding fair-price pools token route intel --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market symbols") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --venue --type --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market fees") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --venue --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market venues") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market book") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --venue --depth --watch --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market history") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --range --every --start --end --venue --ticks --max --all --underlying --chart --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market funding") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --venue --history --range --chart --watch --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market fair-price") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --watch --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market pools") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --chain --protocol --max --all --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market token") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market route") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --routing-version --urgency --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market intel") words+=" venues slippage depth --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market intel venues") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market intel slippage") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --side --sizes --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " market intel depth") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --depth --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict") words+=" markets show settlement redeem rewards follow --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict markets") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --venue --tag --resolved --any-state --expand --max --all --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --venue --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict settlement") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --venue --underlying --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict redeem") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --venue --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict rewards") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " predict follow") words+=" --new --resolved --venue --max-events --for --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " stream") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --max-events --for --record --replay --speed --ticket --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics") words+=" tca execution venues market portfolio ab --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics tca") words+=" --symbol --venue --since --until --routing-version --by --max --all --html --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics execution") words+=" --symbol --venue --since --until --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics venues") words+=" --symbol --venue --since --until --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics market") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics portfolio") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " analytics ab") words+=" --symbol --venue --since --until --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution") words+=" forecast simulate live review summary trace --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution forecast") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution simulate") [[ $cur == -* ]] || _seq_values "symbols" || return; words+=" --urgency --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution live") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --watch --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution review") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --html --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution summary") words+=" --symbol --venue --since --until --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " execution trace") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --max --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " risk") words+=" limits follow alerts --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " risk limits") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " risk follow") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " risk alerts") words+=" --max-events --for --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " killswitch") words+=" on off status --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " killswitch on") words+=" --reason --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " killswitch off") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " killswitch status") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds") words+=" login logout status use list venue key wallet --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds login") words+=" --from --base-url --plaintext --no-check --key-file --key-helper --key-env --import --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds logout") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds status") words+=" --check --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds use") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds venue") words+=" list add remove --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds venue list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds venue add") [[ $cur == -* ]] || _seq_values "venues" || return; words+=" --from --from-env --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds venue remove") [[ $cur == -* ]] || _seq_values "venues" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds key") words+=" list create rotate revoke --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds key list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds key create") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --role --paper --save-as --plaintext --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds key rotate") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --save-as --plaintext --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds key revoke") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds wallet") words+=" list show create withdraw --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds wallet list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds wallet show") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds wallet create") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " creds wallet withdraw") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --to --chain --wallet --id --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo") words+=" init build deploy list show start stop backtest job undeploy logs metrics traces mesh --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo init") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --lang --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo build") [[ $cur == -* ]] || _seq_values "files" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo deploy") [[ $cur == -* ]] || _seq_values "FILE DIR" || return; words+=" --symbol --symbols --name --venue --label --skip-build --replace --start --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo list") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo start") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo stop") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo backtest") [[ $cur == -* ]] || _seq_values "FILE DIR" || return; words+=" --symbol --symbols --venue --start --end --seed --capital --tape --sweep --dask --html --skip-build --remote --no-wait --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo job") words+=" list show wait cancel --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo job list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo job show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --html --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo job wait") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --wait-timeout --html --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo job cancel") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo undeploy") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo logs") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --max --level --follow --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo metrics") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo traces") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --max --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " algo mesh") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy") words+=" deploy list show start stop logs delete --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy deploy") [[ $cur == -* ]] || _seq_values "files" || return; words+=" --start --memory-mb --secrets-from --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy start") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy stop") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy logs") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --run --max --follow --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " strategy delete") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " health") words+=" check live edges --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " health check") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " health live") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " health edges") words+=" --detail --watch --prom --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox") words+=" serve start stop status reset settings seed tape faults --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox serve") words+=" --port --host --state --seed --qps --tape --tape-speed --tape-once --faults --allow-strategies --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox start") words+=" --port --host --state --seed --qps --tape --tape-speed --tape-once --faults --allow-strategies --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox stop") words+=" --state --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox status") words+=" --state --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox reset") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox settings") words+=" --fill-model --maker-bps --taker-bps --seed --balance --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox seed") [[ $cur == -* ]] || _seq_values "FILE -" || return; words+=" --venue --kind --symbol --qty --entry-price --replace --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox tape") [[ $cur == -* ]] || _seq_values "files" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox faults") words+=" check venue-down venue-up list --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox faults check") [[ $cur == -* ]] || _seq_values "files" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox faults venue-down") [[ $cur == -* ]] || _seq_values "venues" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox faults venue-up") [[ $cur == -* ]] || _seq_values "venues" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " sandbox faults list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " journal") words+=" list show verify --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " journal list") words+=" --max --all --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " journal show") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " journal verify") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " config") words+=" get set list path --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " config get") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " config set") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " config list") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " config path") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " doctor") words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " api") [[ $cur == -* ]] || _seq_values "any" || return; words+=" --field --input --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
    " help") [[ $cur == -* ]] || _seq_values "COMMAND... TOPIC" || return; words+=" --profile --local --output --json --csv --fields --quiet --dry-run --yes --no-input --timeout --verbose --color --version --help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

complete -F _seq seq seqcli
