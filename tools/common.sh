# What the scripts in this folder share. Sourced, never run.

readonly source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly script=tools/$(basename "$0")

# Progress, bold on a terminal.
say() {
  if [[ -t 1 ]]; then printf '\033[1m%s: %s\033[0m\n' "$script" "$*"; else printf '%s: %s\n' "$script" "$*"; fi
}

# fail STATUS TEXT...: ends the script.
fail() {
  local status=$1
  shift
  printf '%s: %s\n' "$script" "$*" >&2
  exit "$status"
}

# The comment at the top of the script is its help.
usage() { sed -n '2,/^$/{s/^# \{0,1\}//p}' "$source_dir/$script"; }

elapsed() {
  local seconds=$SECONDS
  if ((seconds < 60)); then echo "${seconds} s"; else echo "$((seconds / 60)) min $((seconds % 60)) s"; fi
}

# Reads ninja's output: one line that changes on a terminal, else a line every
# tenth of the way.
progress() {
  local line count total tenth=0
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]] || continue
    count=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    if [[ -t 1 ]]; then
      printf '\r\033[K%s: %s of %s  %.50s' "$script" "$count" "$total" "${BASH_REMATCH[3]##*/}"
    elif ((count * 10 / total > tenth)); then
      tenth=$((count * 10 / total))
      say "built $count of $total"
    fi
  done
  if [[ -t 1 && -n ${count:-} ]]; then printf '\r\033[K'; fi
}

# build PRESET [TARGET...]: configures and builds in build/PRESET, quietly
# while nothing is wrong. What was said is in build/PRESET.*.log.
build() {
  local preset=$1
  shift
  local log=$source_dir/build/$preset.configure.log
  mkdir -p "$source_dir/build"
  say "configuring preset $preset"
  (cd "$source_dir" && cmake --preset "$preset") >"$log" 2>&1 || {
    cat "$log" >&2
    fail 1 "cmake --preset $preset failed; its output is above and in build/$preset.configure.log"
  }
  say "building preset $preset${1:+ ($*)}"
  log=$source_dir/build/$preset.build.log
  (cd "$source_dir" && cmake --build --preset "$preset" --parallel "$(nproc)" ${1:+--target "$@"}) \
    2>&1 | tee "$log" | progress || {
    cat "$log" >&2
    fail 1 "the build of preset $preset failed; its output is above and in build/$preset.build.log"
  }
}
