#!/usr/bin/env bash
# Python 3.14 for the environments: the machine's own, else uv's build, else Debian's binary packages.
# The path of the interpreter chosen is left in .cache/python.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

readonly SERIES=3.14 FLOOR=3.14.2 # Home Assistant 2026.11 needs 3.14.2
chosen="$CACHE/python"

suffices() {
  "$1" -c "import sys, venv; sys.exit(sys.version_info[:3] < tuple(map(int, '$FLOOR'.split('.'))))" 2>/dev/null
}
choose() {
  printf '%s' "$1" >"$chosen.$$"
  mv "$chosen.$$" "$chosen"
  say "      $("$1" --version) ($2)"
}

if [[ -f $chosen ]] && suffices "$(<"$chosen")"; then exit 0; fi

own="$(command -v "python$SERIES" || true)"
if [[ -n $own ]] && suffices "$own"; then
  choose "$own" "this machine's own"
  exit 0
fi

export UV_PYTHON_INSTALL_DIR="$CACHE/uv-python"
if timeout 180 env UV_HTTP_CONNECT_TIMEOUT=8 UV_HTTP_RETRIES=0 \
  "$UV" python install --no-bin "$SERIES" >"$CACHE/logs/python-uv.log" 2>&1; then
  found="$(env UV_PYTHON_PREFERENCE=only-managed "$UV" python find --no-project "$SERIES")"
  if suffices "$found"; then
    choose "$found" "uv's build"
    exit 0
  fi
fi

quietly "$CACHE/logs/python-debian.log" "$(dirname "$0")/python_debian.sh" "$CACHE/python$SERIES" "$SERIES" ||
  fail "no way to Python >= $FLOOR worked" \
    "install python$SERIES by hand so that it is on PATH, and run again. Attempts: .cache/logs/python-uv.log and
       python-debian.log; a mirror whose Release file has expired is an old copy: give apt a current one"
found="$CACHE/python$SERIES/usr/bin/python$SERIES"
suffices "$found" || fail "$found is older than $FLOOR or does not start" "see .cache/logs/python-debian.log"
choose "$found" "Debian's packages, in .cache"
