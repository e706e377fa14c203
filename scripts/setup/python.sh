#!/usr/bin/env bash
# python.sh [3.14|3.11]: that Python for the environments: the machine's own, else uv's build, else Debian's
# binary packages. The path of the interpreter chosen is left in .cache/python-SERIES.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

series="${1:-3.14}"
case "$series" in
  3.14) floor=3.14.2 suite=forky ;; # Home Assistant 2026.11 needs 3.14.2
  3.11) floor=3.11.0 suite=bookworm ;; # a torch without CUDA is offered for it (requirements/serve.in)
  *) fail "no environment uses Python $series" "choose from: 3.14 3.11" ;;
esac
chosen="$CACHE/python-$series"

suffices() {
  "$1" -c "import sys, venv; sys.exit(sys.version_info[:3] < tuple(map(int, '$floor'.split('.'))))" 2>/dev/null
}
choose() {
  printf '%s' "$1" >"$chosen.$$"
  mv "$chosen.$$" "$chosen"
  say "      $("$1" --version) ($2)"
}

if [[ -f $chosen ]] && suffices "$(<"$chosen")"; then exit 0; fi

own="$(command -v "python$series" || true)"
if [[ -n $own ]] && suffices "$own"; then
  # Not a version manager's shim, which may lead elsewhere tomorrow.
  choose "$("$own" -c 'import sys; print(sys.executable)')" "this machine's own"
  exit 0
fi

unpacked="$CACHE/python$series/usr/bin/python$series"
if suffices "$unpacked"; then
  choose "$unpacked" "Debian's packages, in .cache"
  exit 0
fi

export UV_PYTHON_INSTALL_DIR="$CACHE/uv-python"
if timeout 180 env UV_HTTP_CONNECT_TIMEOUT=8 UV_HTTP_RETRIES=0 \
  "$UV" python install --no-bin "$series" >"$CACHE/logs/python-uv.log" 2>&1; then
  found="$(env UV_PYTHON_PREFERENCE=only-managed "$UV" python find --no-project "$series")"
  if suffices "$found"; then
    choose "$found" "uv's build"
    exit 0
  fi
fi

quietly "$CACHE/logs/python-debian.log" "$(dirname "$0")/python_debian.sh" "$CACHE/python$series" "$series" "$suite" ||
  fail "no way to Python >= $floor worked" \
    "install python$series by hand so that it is on PATH, and run again. Attempts: .cache/logs/python-uv.log and
       python-debian.log; a mirror whose Release file has expired is an old copy: give apt a current one"
suffices "$unpacked" || fail "$unpacked is older than $floor or does not start" "see .cache/logs/python-debian.log"
choose "$unpacked" "Debian's packages, in .cache"
