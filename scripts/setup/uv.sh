#!/usr/bin/env bash
# uv, the installer for everything else, in .cache/uv: one pinned wheel, checked by its hash.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

pins="$ROOT/requirements/uv.txt"
hash="$(fingerprint "$0" "$pins")"
if stamped uv "$hash" && [[ -x $UV ]]; then exit 0; fi

python="$(command -v python3)" ||
  fail "there is no python3 on this machine" "install it: apt-get install python3 python3-venv"
rm -rf "$CACHE/uv"
"$python" -m venv "$CACHE/uv" ||
  fail "python3 cannot make a virtual environment" "install its module: apt-get install python3-venv"
quietly "$CACHE/logs/uv.log" "$CACHE/uv/bin/pip" install --require-hashes --no-deps -r "$pins" ||
  fail "uv did not install" "check that this machine reaches its Python package registry, and run again"
stamp uv "$hash"
