#!/bin/sh
# Installs everything into a prefix of its own and uses it as a stranger would:
# CMake's find_package, pkg-config with a plain compiler line, the Python modules,
# manual pages, units, and devices made with them under the installed kernel, in another
# folder than it was installed to. Then it is uninstalled.
# Usage: install_and_use.sh CMAKE BUILD_DIR SOURCE_DIR CXX
set -eu
cmake=$1 build=$2 source=$3 cxx=$4
work=$(mktemp -d)
kernel=
manifest=$build/install_manifest.txt # of whoever has installed this build: it is given back
test ! -e "$manifest" || cp "$manifest" "$work/manifest"
clean_up() {
  test -z "$kernel" || kill "$kernel" || true
  rm -f "$manifest"
  test ! -e "$work/manifest" || cp "$work/manifest" "$manifest"
  rm -rf "$work"
}
trap clean_up EXIT
prefix=$work/installed

say() { printf '== %s\n' "$*"; }
expect() { # FILE TEXT
  grep -q "$2" "$1" || { say "expected $2 in"; cat "$1"; exit 1; }
}

say "installing"
"$cmake" --install "$build" --prefix "$prefix" >"$work/install.log"
if grep -rlI -e "$source" -e "$build" "$prefix"; then
  say "these installed files name the tree they came from"
  exit 1
fi

say "units"
for kind in user system; do
  unit=$prefix/lib/systemd/$kind/dkvm.service
  expect "$unit" "^ExecStart=$prefix/bin/dkvm-kernel"
  if grep '@[a-z]*@' "$unit"; then say "$unit was not filled in"; exit 1; fi
done

say "uninstalling, and nothing of it is left"
find "$prefix" -type f >"$work/files"
"$cmake" --build "$build" --target uninstall >"$work/uninstall.log"
left=$(find "$prefix" ! -type d -o -name 'dkvm*')
test -z "$left" || { say "left: $left"; exit 1; }
"$cmake" --install "$build" --prefix "$prefix" >"$work/install.log"
find "$prefix" -type f | cmp - "$work/files"

say "moving it"
mv "$prefix" "$work/prefix"
prefix=$work/prefix
cp -r "$prefix/share/doc/dkvm/examples/devices" "$work/examples"

say "manual pages"
# Every word of --help that begins like an option, and every command, stands in the page.
command -v groff >/dev/null || { say "groff is missing: tools/setup installs it"; exit 1; }
options() { grep -o -e ' --\?[a-z][a-z-]*' | sort -u; }
for program in dkvm-kernel dkvmctl; do
  gzip -dc "$prefix/share/man/man1/$program.1.gz" >"$work/$program.1"
  groff -ww -man -Tutf8 "$work/$program.1" >"$work/page" 2>"$work/complaints"
  if test -s "$work/complaints"; then cat "$work/complaints"; exit 1; fi
  groff -man -Tutf8 -P-cbou -rLL=1000n "$work/$program.1" | sed 's/\([^ ]\),--/\1 --/g' >"$work/page"
  "$prefix/bin/$program" --help >"$work/help"
  sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' "$work/help" >"$work/commands"
  while read -r command; do
    "$prefix/bin/$program" "$command" --help >>"$work/help"
    expect "$work/page" "^ *$command \[OPTIONS\]"
  done <"$work/commands"
  sed 's/\([^ ]\),--/\1 --/g' "$work/help" | options >"$work/wanted"
  options <"$work/page" >"$work/told"
  comm -23 "$work/wanted" "$work/told" >"$work/missing"
  if test -s "$work/missing"; then say "the page of $program lacks:"; cat "$work/missing"; exit 1; fi
  test "$(wc -l <"$work/wanted")" -gt 3
done
test "$(wc -l <"$work/commands")" -gt 9

say "find_package(dkvm)"
finds() { # ARGUMENTS of find_package
  mkdir -p "$work/finds"
  printf 'cmake_minimum_required(VERSION 3.16)\nproject(finds CXX)\nfind_package(dkvm %s)\n' "$1" \
    >"$work/finds/CMakeLists.txt"
  printf 'foreach(each PYTHON SCHEMA)\n  if(NOT IS_DIRECTORY "${dkvm_${each}_DIR}")\n    message(FATAL_ERROR ${each})\n  endif()\nendforeach()\n' \
    >>"$work/finds/CMakeLists.txt"
  "$cmake" -S "$work/finds" -B "$work/finds/build" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER="$cxx" >"$work/finds.log" 2>&1
}
version=$("$prefix/bin/dkvmctl" --version | sed 's/.* //')
minor=${version%.*}
for arguments in REQUIRED "$version EXACT REQUIRED" "$minor REQUIRED COMPONENTS sdk python schema"; do
  finds "$arguments" || { cat "$work/finds.log"; exit 1; }
done
for arguments in "${minor%.*}.$((${minor#*.} + 1)) REQUIRED" "99 REQUIRED" "REQUIRED COMPONENTS kernel"; do
  if finds "$arguments"; then say "find_package(dkvm $arguments) found it"; exit 1; fi
  expect "$work/finds.log" 'dkvm'
done
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
test -f "$prefix/share/dkvm/kvm.schema.json"
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
