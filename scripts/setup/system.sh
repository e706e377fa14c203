#!/usr/bin/env bash
# The Debian packages that the tests and the demo use; nothing is asked of apt where they are all there.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

packages=(
  build-essential python3-venv                  # sdists that compile; uv's own environment
  chromium                                      # a browser that walks Home Assistant
  ffmpeg espeak-ng                              # staged recordings and voices
  gir1.2-gst-rtsp-server-1.0 python3-gi         # the staged camera: an RTSP server
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  libegl1 libgles2                              # MediaPipe's library is linked against them
  libturbojpeg0                                 # Home Assistant's camera pictures
  mosquitto                                     # the MQTT broker
  haproxy                                       # the router in front of several model servers
)

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
    missing+=("$package")
done
((${#missing[@]})) || exit 0

command -v apt-get >/dev/null ||
  fail "this system has no apt, and lacks: ${missing[*]}" "install their like, or run on Debian 12 or newer"
say "      installing ${missing[*]}"

# Debian would start them at once (a broker on port 1883) and at every boot; the scripts want the programs.
services=()
for package in mosquitto haproxy; do
  [[ " ${missing[*]} " != *" $package "* ]] || services+=("$package.service")
done
policy=/usr/sbin/policy-rc.d ours=
if ((${#services[@]})) && [[ ! -e $policy ]]; then
  ours=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
fi
tidy() { [[ -z $ours ]] || as_root rm -f "$policy"; }
trap tidy EXIT

install_missing() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "${missing[@]}"
}
update() { as_root apt-get update; }
# The lists may be fresh, absent or stale: fetch them only where the first try fails.
quietly "$CACHE/logs/apt.log" install_missing 2>/dev/null ||
  { quietly "$CACHE/logs/apt-update.log" update && quietly "$CACHE/logs/apt.log" install_missing; } ||
  fail "apt did not install ${missing[*]}" "read .cache/logs/apt.log, mend apt's sources, and run again"

if ((${#services[@]})) && command -v systemctl >/dev/null; then
  as_root systemctl disable --quiet "${services[@]}" 2>/dev/null || true
fi
