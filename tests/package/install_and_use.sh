#!/bin/sh
# Installs the SDK and the devices into a prefix of its own and uses them as a
# stranger would: CMake's find_package, pkg-config with a plain compiler line,
# the Python modules.
# Usage: install_and_use.sh CMAKE BUILD_DIR SOURCE_DIR CXX
set -eu
cmake=$1 build=$2 source=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

say() { printf '== %s\n' "$*"; }
expect() { # FILE TEXT
  grep -q "$2" "$1" || { say "expected $2 in"; cat "$1"; exit 1; }
}

say "installing"
for component in sdk devices; do
  "$cmake" --install "$build" --prefix "$prefix" --component "$component" >"$work/install.log"
done
cp -r "$source/sdk/examples" "$work/examples"
if grep -rl -e "$source" -e "$build" "$prefix/include" "$prefix"/lib*/cmake "$prefix"/lib*/pkgconfig "$prefix/share"; then
  say "these installed files name the tree they came from"
  exit 1
fi

say "find_package(dkvm)"
for example in pedal-cpp pedal-glib; do
  "$cmake" -S "$work/examples/$example" -B "$work/$example" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" >"$work/cmake.log"
  "$cmake" --build "$work/$example"
done
"$work/pedal-cpp/acme-pedal" --describe >"$work/described"
expect "$work/described" '"type": "acme-pedal"'
"$work/pedal-glib/acme-pedal-glib" --describe >"$work/described"
expect "$work/described" '"type": "acme-pedal-glib"'

say "pkg-config"
pc=$(dirname "$(find "$prefix" -name dkvm.pc)")
flags=$(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs dkvm)
# shellcheck disable=SC2086 # the flags are words
"$cxx" -std=c++20 $flags -o "$work/pedal" "$work/examples/pedal-cpp/pedal.cpp"
"$work/pedal" --version >"$work/version"
expect "$work/version" 'acme-pedal'

say "Python"
PYTHONPATH=$prefix/share/dkvm/python /usr/bin/python3 "$work/examples/pedal-python/pedal.py" \
  --describe >"$work/described"
expect "$work/described" '"type": "acme-pedal-python"'

say "the shipped devices and their manifests"
for manifest in "$prefix"/libexec/dkvm/*.manifest.json; do
  "${manifest%.manifest.json}" --describe | cmp - "$manifest"
done
test -f "$prefix/libexec/dkvm/dkvm-dummy-keyboard-source.manifest.json"
test -f "$prefix/share/dkvm/schema/frame.fbs"
say "all of it works"
