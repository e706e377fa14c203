#!/usr/bin/env bash
# environment.sh edge|home-assistant|ha-test: the virtual environment of that name, exactly as its lock says.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

name="${1:?edge, home-assistant or ha-test}"
case "$name" in
  edge) folder="$ROOT/.venv" lock="$ROOT/requirements/dev.txt" probe="import av, cv2, mediapipe, omnicam, pytest" ;;
  home-assistant) folder="$ROOT/.venv-ha" lock="$ROOT/requirements/home-assistant.txt" probe="import hass_frontend, homeassistant" ;;
  ha-test) folder="$ROOT/.venv-ha-test" lock="$ROOT/requirements/ha-test.txt" probe="import homeassistant, pytest_homeassistant_custom_component" ;;
  *) fail "there is no environment named $name" "choose from: edge home-assistant ha-test" ;;
esac
interpreter="$(<"$CACHE/python")"
python="$folder/bin/python"

# The editable install knows the import packages that were there when it was made.
packages=()
[[ $name != edge ]] || packages=("$ROOT/pyproject.toml" "$ROOT"/{addon/omnicam,inference_server}/__init__.py)
hash="$(fingerprint "$0" "$lock" "$interpreter" "$folder" "${packages[@]}")"
if stamped "environment-$name" "$hash" && "$python" -c pass 2>/dev/null; then exit 0; fi

"$python" -c 'import sys; sys.exit(not sys.argv[1].startswith(sys.base_prefix))' "$interpreter" 2>/dev/null ||
  "$UV" venv --quiet --clear --python "$interpreter" "$folder"
quietly "$CACHE/logs/environment-$name.log" \
  "$UV" pip sync --python "$python" --require-hashes "$lock" ||
  fail "the packages of $(basename "$folder") did not install" \
    "if a package failed to compile: apt-get install build-essential; else check the registry and run again"
if [[ $name == edge ]]; then
  quietly "$CACHE/logs/editable.log" \
    "$UV" pip install --python "$python" --no-deps --no-build-isolation --editable "$ROOT" ||
    fail "the project itself did not install" "see .cache/logs/editable.log"
fi
quietly "$CACHE/logs/probe-$name.log" "$python" -c "$probe" ||
  fail "$(basename "$folder") does not work" "remove that folder and run again"
stamp "environment-$name" "$hash"
