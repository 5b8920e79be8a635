#!/bin/sh
# Installs everything into a prefix of its own and uses it as a stranger would:
# CMake's find_package, pkg-config with a plain compiler line, the Python modules,
# and devices made with them under the installed kernel.
# Usage: install_and_use.sh CMAKE BUILD_DIR SOURCE_DIR CXX
set -eu
cmake=$1 build=$2 source=$3 cxx=$4
work=$(mktemp -d)
kernel=
trap 'test -z "$kernel" || kill "$kernel" || true; rm -rf "$work"' EXIT
prefix=$work/prefix

say() { printf '== %s\n' "$*"; }
expect() { # FILE TEXT
  grep -q "$2" "$1" || { say "expected $2 in"; cat "$1"; exit 1; }
}

say "installing"
"$cmake" --install "$build" --prefix "$prefix" >"$work/install.log"
cp -r "$source/sdk/examples" "$work/examples"
if grep -rl -e "$source" -e "$build" "$prefix/include" "$prefix"/lib*/cmake "$prefix"/lib*/pkgconfig "$prefix/share"; then
  say "these installed files name the tree they came from"
  exit 1
fi

say "find_package(dkvm)"
for example in pedal-cpp pedal-glib screen-cpp; do
  "$cmake" -S "$work/examples/$example" -B "$work/$example" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" >"$work/cmake.log"
  "$cmake" --build "$work/$example"
done
"$work/pedal-cpp/acme-pedal" --describe >"$work/described"
expect "$work/described" '"type": "acme-pedal"'
"$work/pedal-glib/acme-pedal-glib" --describe >"$work/described"
expect "$work/described" '"type": "acme-pedal-glib"'

for program in screen brightness; do
  "$work/screen-cpp/acme-$program" --describe >"$work/described"
  expect "$work/described" '"fds": true'
done

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
PYTHONPATH=$prefix/share/dkvm/python /usr/bin/python3 "$work/examples/viewer-python/viewer.py" \
  --describe >"$work/described"
expect "$work/described" '"type": "acme-viewer-python"'

say "the shipped devices and their manifests"
for manifest in "$prefix"/libexec/dkvm/*.manifest.json; do
  "${manifest%.manifest.json}" --describe | cmp - "$manifest"
done
test -f "$prefix/libexec/dkvm/dkvm-dummy-keyboard-source.manifest.json"
test -f "$prefix/share/dkvm/schema/frame.fbs"
say "devices from outside the tree under the installed kernel"
mkfifo "$work/pedals-cpp" "$work/pedals-python"
exec 8<>"$work/pedals-cpp" 9<>"$work/pedals-python" # both ends: nobody waits
cat >"$work/kvm.yaml" <<EOF
kernel: {runtime_dir: run}
devices:
  cpp: {exec: [./pedal-cpp/acme-pedal], config: {path: pedals-cpp}}
  python:
    exec: [/usr/bin/python3, $work/examples/pedal-python/pedal.py]
    env: {PYTHONPATH: $prefix/share/dkvm/python, PYTHONDONTWRITEBYTECODE: "1"}
    config: {path: pedals-python}
  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}
  screen: {exec: [./screen-cpp/acme-screen]}
  brightness: {exec: [./screen-cpp/acme-brightness]}
  viewer:
    exec: [/usr/bin/python3, $work/examples/viewer-python/viewer.py]
    env: {PYTHONPATH: $prefix/share/dkvm/python, PYTHONDONTWRITEBYTECODE: "1"}
    config: {file: screen.ppm}
  control: {type: control, grants: [{target: kernel, methods: ["devices.*"]}]}
pipelines:
  - {name: pedals, from: [cpp, python], to: typed}
  - {name: frames, from: screen, to: [brightness, viewer]}
EOF
"$prefix/bin/dkvm-kernel" --config "$work/kvm.yaml" --check=exec
"$prefix/bin/dkvm-kernel" --config "$work/kvm.yaml" >"$work/kernel.log" 2>&1 8>&- 9>&- &
kernel=$!

wait_until() { # WHAT COMMAND...: 30 s at most
  what=$1 tries=300
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    if test "$tries" = 0; then
      say "gave up waiting until $what"
      cat "$work/kernel.log"
      exit 1
    fi
    sleep 0.1
  done
}
runs() {
  "$prefix/bin/dkvmctl" --socket "$work/run/control.sock" --json device "$1" |
    grep -q '"state": *"running"'
}
typed() { grep -q "\"$1\",\"down\":$2" "$work/typed.jsonl"; }
for device in cpp python typed; do wait_until "$device runs" runs "$device"; done
printf '\001' >&8
printf '\002' >&9
wait_until "the pedal in C++ is down" typed KEY_F13 true
wait_until "the pedal in Python is down" typed KEY_F14 true
printf '\000' >&8
printf '\000' >&9
wait_until "the pedal in C++ is up" typed KEY_F13 false
wait_until "the pedal in Python is up" typed KEY_F14 false
wait_until "the viewer has written a picture" grep -q -a '^640 360$' "$work/screen.ppm"
wait_until "the brightness is logged" grep -q 'brightness [0-9]* %' "$work/kernel.log"
kill "$kernel"
wait "$kernel" || { say "the kernel ended with $?"; cat "$work/kernel.log"; exit 1; }
kernel=
say "all of it works"
