#!/usr/bin/env bash
# The pose model: BlazePose's weights from the npm package that carries them, bundled for MediaPipe's tasks
# as .cache/models/pose_landmarker_{lite,full}.task.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

readonly PACKAGE=@mediapipe/pose VERSION=0.5.1675469404
readonly SHA512=0c566c3564ec4a9851219a699d40aeba7cc18873f615d25747d7a173b98c8b8286fa83da387d049b777a92becfcbe4d2c935c2d5da07f3c29c176f24dac071b1
variants=(lite full)
bundler="$ROOT/addon/omnicam/detect/pose/bundle.py"

hash="$(fingerprint "$0" "$bundler" "${variants[@]}")"
complete=yes
for variant in "${variants[@]}"; do [[ -s $MODELS/pose_landmarker_$variant.task ]] || complete=; done
if [[ -n $complete ]] && stamped pose-model "$hash"; then exit 0; fi

if ! command -v npm >/dev/null; then
  say "      npm is not here: taking it from its wheel, into .cache/node"
  [[ -x $CACHE/node/bin/python ]] || "$UV" venv --quiet --clear --python "$(<"$CACHE/python-3.14")" "$CACHE/node"
  quietly "$CACHE/logs/node.log" \
    "$UV" pip install --python "$CACHE/node/bin/python" --require-hashes -r "$ROOT/requirements/node.txt" ||
    fail "Node.js did not install" "install npm by hand (apt-get install npm), and run again"
  export PATH="$CACHE/node/bin:$PATH"
fi

package="$CACHE/mediapipe-pose"
rm -rf "$package"
mkdir -p "$package" "$MODELS"
quietly "$CACHE/logs/npm.log" npm pack --pack-destination "$package" "$PACKAGE@$VERSION" ||
  fail "npm could not fetch $PACKAGE $VERSION" "check that this machine reaches its npm registry, and run again"
tarball=("$package"/*.tgz)
sha512sum --check --status <<<"$SHA512  ${tarball[0]}" ||
  fail "$PACKAGE $VERSION is not the file it was" "its hash is pinned in $0: find out why it changed before you go on"
tar --extract --gzip --file "${tarball[0]}" --directory "$package" --strip-components 1 --no-same-owner

for variant in "${variants[@]}"; do
  quietly "$CACHE/logs/pose-$variant.log" "$ROOT/.venv/bin/python" -m omnicam.detect.pose.bundle \
    --assets "$package" --variant "$variant" --out "$MODELS/pose_landmarker_$variant.task" ||
    fail "the pose model was not built" "read .cache/logs/pose-$variant.log"
done
rm -rf "$package"
stamp pose-model "$hash"
