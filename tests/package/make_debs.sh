#!/bin/bash
# Makes the Debian packages of this build and looks at them from outside.
# usage: make_debs.sh CPACK BUILD_DIR FOLDER
set -euo pipefail
cpack=$1 build=$2 folder=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '== %s\n' "$*"; }
give_up() { say "$*"; exit 1; }

command -v dpkg-deb >/dev/null || { echo "SKIPPED: dpkg is not installed"; exit 0; }
say "making the packages"
rm -rf "$folder"
"$cpack" --config "$build/CPackConfig.cmake" -B "$folder" >"$work/cpack.log" 2>&1 ||
  { cat "$work/cpack.log"; exit 1; }
rm -rf "$folder/_CPack_Packages"
ls -l "$folder"

for package in dkvm dkvm-dev; do
  deb=$(echo "$folder/$package"_*.deb)
  dpkg-deb --field "$deb" Package Architecture Depends
  dpkg-deb --contents "$deb" >"$work/$package.contents"
  dpkg-deb --extract "$deb" "$work/$package"
  # Paths of the machine that made it would be wrong on any other.
  if grep -rl -e "$build" "$work/$package"; then give_up "these files of $package name the build"; fi
done
has() { # PACKAGE PATH
  grep -q " \./$2\$" "$work/$1.contents" || { cat "$work/$1.contents"; give_up "$1 lacks $2"; }
}
for path in etc/dkvm/kvm.yaml usr/bin/dkvm-kernel usr/bin/dkvmctl usr/libexec/dkvm/dkvm-launcher \
  usr/libexec/dkvm/dkvm-control usr/libexec/dkvm/dkvm-control.manifest.json \
  usr/lib/systemd/system/dkvm.service usr/lib/systemd/user/dkvm.service \
  usr/lib/sysusers.d/dkvm.conf usr/share/dkvm/kvm.schema.json usr/share/doc/dkvm/copyright \
  usr/share/doc/dkvm/README.md usr/share/doc/dkvm/docs/config.md \
  usr/share/doc/dkvm/examples/kvm.yaml; do has dkvm "$path"; done
for path in usr/include/dkvm/device_main.hpp usr/include/dkvm/wire/frame_generated.h \
  usr/share/dkvm/schema/frame.fbs usr/share/dkvm/python/dkvm/wire/Hello.py \
  usr/share/cmake/dkvm/dkvm-config.cmake usr/share/pkgconfig/dkvm.pc; do has dkvm-dev "$path"; done
# Every device that was built, and nothing of the tests.
for program in "$build"/bin/dkvm-*.manifest.json; do
  has dkvm "usr/libexec/dkvm/$(basename "$program")"
done
if grep -q 'bench\|/tests\|liar' "$work/dkvm.contents"; then give_up "dkvm has more than it should"; fi

if ! command -v lintian >/dev/null; then
  echo "SKIPPED: lintian is not installed (tools/setup installs it); the packages are made"
  exit 0
fi
say "lintian"
lintian --allow-root --fail-on error --tag-display-limit 0 "$folder"/*.deb
say "lintian finds no errors"
