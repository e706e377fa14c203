#!/usr/bin/env bash
# environment.sh edge|home-assistant|ha-test|serve|compress: the virtual environment of that name, exactly as
# its lock says, with the uv and the Python that it stands on.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

here="$ROOT/scripts/setup"
name="${1:?edge, home-assistant, ha-test, serve or compress}"
lock="$ROOT/requirements/$name.txt" series=3.14
ours=  # whether the project itself is installed in it
torch= # whether it computes with torch, on the CPU
case "$name" in
  edge) folder=.venv ours=yes lock="$ROOT/requirements/dev.txt" probe="import av, cv2, mediapipe, omnicam, pytest" ;;
  home-assistant) folder=.venv-ha probe="import hass_frontend, homeassistant" ;;
  ha-test) folder=.venv-ha-test probe="import homeassistant, pytest_homeassistant_custom_component" ;;
  serve) folder=.venv-serve ours=yes torch=yes series=3.11
    probe="import importlib.metadata, torchvision, torchaudio, vllm; importlib.metadata.version('vllm')" ;;
  compress) folder=.venv-compress ours=yes torch=yes series=3.11
    probe="import inference_server, llmcompressor, torchvision" ;;
  *) fail "there is no environment named $name" "choose from: edge home-assistant ha-test serve compress" ;;
esac
folder="$ROOT/$folder"
python="$folder/bin/python"
"$here/uv.sh"
"$here/python.sh" "$series"
interpreter="$(<"$CACHE/python-$series")"

# The editable install knows the import packages that were there when it was made.
inputs=()
[[ -z $ours ]] || inputs+=("$ROOT/pyproject.toml" "$ROOT"/{addon/omnicam,inference_server}/__init__.py)
[[ -z $torch ]] || inputs+=("$here/without_cuda.py")
hash="$(fingerprint "$0" "$lock" "$interpreter" "$folder" "${inputs[@]}")"
if stamped "environment-$name" "$hash" && "$python" -c pass 2>/dev/null; then exit 0; fi

"$python" -c 'import sys; sys.exit(not sys.argv[1].startswith(sys.base_prefix))' "$interpreter" 2>/dev/null ||
  "$UV" venv --quiet --clear --python "$interpreter" "$folder"

packages="$lock" options=()
remedy="if a package failed to compile: apt-get install build-essential; else check the registry and run again"
if [[ -n $torch ]]; then
  wanted="$(sed -n 's/^torch==\([^ ]*\).*/\1/p' "$lock")"
  if "$UV" pip install --quiet --dry-run --no-deps --python "$python" "torch==$wanted+cpu" 2>/dev/null; then
    # It needs none of CUDA's libraries, which are in the lock for the registry's build; uv looks for hashes
    # under the full name of the version only.
    packages="$CACHE/$name-without-cuda.txt"
    awk -v torch="torch==$wanted" '
      /^[[:alnum:]]/ {keep = !/^(cuda|nvidia)-/}
      $1 == torch {sub(torch, torch "+cpu")}
      keep' "$lock" >"$packages"
    remedy="this machine offers a torch $wanted+cpu: where the lock has no hash of it, take the registry's build instead with
       UV_FIND_LINKS= PIP_FIND_LINKS= in front; else check the registry and run again"
  else
    say "      no torch $wanted+cpu in PIP_FIND_LINKS: taking the registry's build for CUDA, about 3 GB more"
  fi
  # 22,000 files: the first start of a server would spend a minute on them, and a test would wait for it.
  options+=(--compile-bytecode)
fi
quietly "$CACHE/logs/environment-$name.log" \
  "$UV" pip sync --python "$python" --require-hashes "${options[@]}" "$packages" ||
  fail "the packages of $(basename "$folder") did not install" "$remedy"
[[ -z $torch ]] || "$python" "$here/without_cuda.py"
if [[ -n $ours ]]; then
  quietly "$CACHE/logs/editable-$name.log" \
    "$UV" pip install --python "$python" --no-deps --no-build-isolation --editable "$ROOT" ||
    fail "the project itself did not install" "see .cache/logs/editable-$name.log"
fi
quietly "$CACHE/logs/probe-$name.log" "$python" -c "$probe" ||
  fail "$(basename "$folder") does not work" "remove that folder and run again"
stamp "environment-$name" "$hash"
