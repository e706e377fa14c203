#!/usr/bin/env bash
# Follows addon/Dockerfile without a Docker engine: reads its own instructions, runs them in folders made by
# debootstrap, then checks a configuration and starts the node there as the app would be started.
# Needs root, Debian's mirror, PyPI and npm's registry; takes a few minutes and 3 GB in .cache/image.
# Usage: scripts/setup/check_dockerfile.sh [--keep]   (--keep leaves the roots, to look into them)
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

keep=
case "${1:-}" in
  "") ;;
  --keep) keep=yes ;;
  *) fail "check_dockerfile.sh does not know '$1'" "its only argument is --keep" ;;
esac
[[ $EUID -eq 0 ]] || fail "root is needed: the steps run in a chroot" "run it with sudo, or in a container as root"
for program in debootstrap unshare ip; do
  command -v "$program" >/dev/null || fail "$program is not here" "apt-get install debootstrap util-linux iproute2"
done

work="$CACHE/image" suite=trixie
mkdir -p "$work"
# What the base image adds to debian:trixie-slim, by its own Dockerfile. s6 stands in for s6-overlay, which is
# published where no package registry is.
packages=bash,jq,tzdata,curl,ca-certificates,xz-utils,s6,execline
# shellcheck disable=SC2016 # apt fills these in
mirror="$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
  awk '$2 == "main" && $1 !~ /security/ && !found {print $1; found = 1}')"
[[ -n $mirror ]] || fail "apt names no Debian mirror" "run this on a Debian machine whose apt works"

base="$work/base" hash="$(fingerprint "$suite" "$packages" "$0")"
if ! stamped image-base "$hash" || [[ ! -d $base ]]; then
  say "debootstrap $suite …"
  rm -rf "$base"
  quietly "$CACHE/logs/debootstrap.log" nice debootstrap --variant=minbase --include="$packages" "$suite" "$base" "$mirror" ||
    fail "debootstrap did not make a $suite root" "read .cache/logs/debootstrap.log"
  rm -rf "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
  # s6-overlay's folder of commands, and its way of giving a script the container's environment.
  mkdir -p "$base/command"
  ln -s /usr/bin/s6-applyuidgid "$base/command/s6-applyuidgid"
  printf '#!/bin/sh\nexec "$@"\n' >"$base/command/with-contenv"
  chmod 755 "$base/command/with-contenv"
  stamp image-base "$hash"
fi

status=0
PYTHONPATH="$ROOT/scripts" python3 -m image.check --context "$ROOT/addon" --base "$base" --work "$work" || status=$?
if [[ -z $keep ]]; then
  find "$work" -mindepth 1 -maxdepth 1 ! -name base -exec rm -rf {} +
fi
exit "$status"
