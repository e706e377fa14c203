#!/usr/bin/env bash
# run.sh STEP...: makes this machine ready, showing each step and the seconds it took. Steps that are done
# already cost nothing. Without a step: all of them.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

declare -A titles=(
  [system]="system packages"
  [uv]="uv, the installer"
  [python]="Python 3.14"
  [edge]="edge node and tools (.venv)"
  [home-assistant]="Home Assistant (.venv-ha)"
  [ha-test]="Home Assistant's test kit (.venv-ha-test)"
  [pose-model]="pose model"
  [serve]="vLLM on the CPU, for tests (.venv-serve)"
  [compress]="llm-compressor (.venv-compress)"
)
order=(system uv python edge home-assistant ha-test pose-model serve compress)

(($#)) || set -- "${order[@]}"
for step; do
  [[ -v titles[$step] ]] || fail "there is no set-up step named $step" "choose from: ${order[*]}"
done

# One set-up at a time in this folder: a second one waits for the first, then finds its work done.
exec 9>"$CACHE/setup.lock"
flock --wait 1800 9 || fail "another set-up has held $CACHE/setup.lock for 30 minutes" "end it, and run again"

here="$ROOT/scripts/setup" count=0
for step; do
  count=$((count + 1))
  printf '[%d/%d] %s …\n' "$count" "$#" "${titles[$step]}"
  began=$SECONDS
  case "$step" in
    edge | home-assistant | ha-test | serve | compress) "$here/environment.sh" "$step" 9>&- ;;
    pose-model) "$here/pose_model.sh" 9>&- ;;
    *) "$here/$step.sh" 9>&- ;;
  esac
  printf '      ready in %d s\n' "$((SECONDS - began))"
done
