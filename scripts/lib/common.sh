# shellcheck shell=bash
# shellcheck disable=SC2034 # its variables are for the scripts that source it
# What every script of this project starts from. Source it; it does nothing but define and export.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
CACHE="$ROOT/.cache"
STAMPS="$CACHE/stamps"
UV="$CACHE/uv/bin/uv"
MODELS="$CACHE/models"
mkdir -p "$STAMPS" "$CACHE/logs"

# Without compiled bytecode every start of Home Assistant and of pytest costs 10-15 s more.
unset PYTHONDONTWRITEBYTECODE

# uv reads its own variables only: hand it what the machine's owner told pip.
[[ -z ${PIP_INDEX_URL:-} ]] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
# uv stops where pip merely warns: at a folder of wheels that is not there.
[[ ! -d ${PIP_FIND_LINKS:-} ]] || export UV_FIND_LINKS="${UV_FIND_LINKS:-$PIP_FIND_LINKS}"
[[ -z ${PIP_CERT:-} ]] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
export UV_NO_PROGRESS=1 UV_NO_CONFIG=1 UV_LINK_MODE="${UV_LINK_MODE:-hardlink}"
export PIP_DISABLE_PIP_VERSION_CHECK=1
# Debian keeps mosquitto where an ordinary user's PATH does not look.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { printf '%s\n' "$*"; }

# fail WHAT REMEDY: ends the script with an error that says what to do.
fail() {
  printf 'error: %s\n       %s\n' "$1" "$2" >&2
  exit 1
}

# quietly LOG COMMAND...: runs a command with its output in LOG, and shows its last lines if it fails.
quietly() {
  local log="$1"
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    printf 'failed: %s\n--- last lines of %s\n' "$*" "$log" >&2
    tail -n 25 "$log" >&2
    return 1
  fi
}

# as_root COMMAND...: runs a command as root, through sudo where we are not root.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "root is needed for: $*" "run this script as root, or install sudo"
  fi
}

# fingerprint WORD-OR-FILE...: one hash over words and over the content of files.
fingerprint() {
  local item
  for item in "$@"; do
    if [[ -f $item ]]; then sha256sum <"$item"; else printf '%s\n' "$item"; fi
  done | sha256sum | cut -d' ' -f1
}

# stamped NAME HASH / stamp NAME HASH: has the step NAME been done with these inputs; note that it has.
stamped() { [[ -f $STAMPS/$1 && $(<"$STAMPS/$1") == "$2" ]]; }
stamp() {
  printf '%s' "$2" >"$STAMPS/.$1.$$"
  mv "$STAMPS/.$1.$$" "$STAMPS/$1"
}
