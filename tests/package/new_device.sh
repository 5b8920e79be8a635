#!/bin/sh
# Makes devices of every kind with an installed dkvmctl, builds them against the installed
# SDK and runs their own tests, which run them under the installed kernel.
# Usage: new_device.sh CMAKE BUILD_DIR CXX
set -eu
cmake=$1 build=$2 cxx=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
say() { printf '== %s\n' "$*"; }

"$cmake" --install "$build" --prefix "$prefix" >"$work/install.log"
PATH=$prefix/bin:$PATH
cd "$work"
for kind in source sink both; do
  say "a $kind"
  dkvmctl new-device "acme-$kind" --kind "$kind" --dir projects
  cd "projects/acme-$kind"
  "$cmake" -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_CXX_FLAGS=-Werror >"$work/cmake.log"
  "$cmake" --build build
  "$cmake" -E chdir build ctest --output-on-failure --no-tests=error
  "build/acme-$kind" --describe | grep -q "\"type\": \"acme-$kind\""
  dkvm-kernel --config build/kvm.yaml --check=exec
  if grep -r '@[A-Z]*@' --include='*' . --exclude-dir=build; then
    say "a name was not filled in"
    exit 1
  fi
  cd "$work"
done

say "names and folders that will not do"
refused() { # STATUS WORDS...
  status=0
  wanted=$1
  shift
  dkvmctl new-device "$@" >"$work/refused" 2>&1 || status=$?
  test "$status" = "$wanted" || { cat "$work/refused"; say "status $status of: $*"; exit 1; }
}
cp -r projects/acme-source before
refused 1 acme-source --dir projects
diff -r before projects/acme-source
refused 2 Acme
refused 2 ../acme
refused 2 kernel
refused 2 acme --kind display
refused 1 acme --dir /proc/nowhere
say "all of it works"
