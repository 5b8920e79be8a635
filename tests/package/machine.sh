# A machine of its own for a test, as far as a kernel has to do with it: this host's files under
# an overlay that keeps what is written, an own network, and systemd as its first process.
# Sourced. It takes root, overlayfs, cgroup2 and systemd; without them the test is skipped.
#
#   start_machine FOLDER HIDDEN...   HIDDEN: folders that it does not see
#   in_machine COMMAND...            runs there, as root
#   machine_changes                  the files that differ from this host's, by name
#   stop_machine

machine_here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
machine_pid= machine_folder= machine_group=

skip() {
  echo "SKIPPED: $*"
  exit 0
}

start_machine() {
  machine_folder=$1
  shift
  ((EUID == 0)) || skip "machines of a test take root"
  test -x /lib/systemd/systemd || skip "systemd is not installed"
  local groups
  groups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
  test -n "$groups" || skip "no cgroup2 is mounted"
  machine_group=$groups/dkvm-test-$$
  mkdir "$machine_group" 2>/dev/null || skip "no cgroup can be made in $groups"
  mkdir -p "$machine_folder"
  (
    echo "$BASHPID" >"$machine_group/cgroup.procs"
    exec setsid unshare --mount --pid --fork --uts --ipc --net --cgroup \
      bash "$machine_here/machine_boot.sh" "$machine_folder" "$@"
  ) >"$machine_folder.log" 2>&1 </dev/null &
  local unshared=$! tries
  for ((tries = 0; tries < 600; ++tries)); do
    kill -0 "$unshared" 2>/dev/null || break
    machine_pid=$(pgrep -P "$unshared" || true)
    if [[ -n $machine_pid && $(</proc/"$machine_pid"/comm) == systemd ]] &&
      in_machine systemctl is-active --quiet dkvm-test.target 2>/dev/null; then return; fi
    sleep 0.1
  done
  cat "$machine_folder.log"
  if grep -q 'mount: .*overlay' "$machine_folder.log"; then skip "overlayfs does not work here"; fi
  echo "the machine does not come up"
  exit 1
}

in_machine() {
  nsenter --target "$machine_pid" --mount --pid --uts --ipc --net --cgroup --root -- \
    /usr/bin/env -i --chdir=/ PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# Logs, caches and backups of passwd(5) are no business of a package's.
machine_changes() {
  in_machine find /.upper -mindepth 1 ! -type d \
    ! -path '/.upper/var/log/*' ! -path '/.upper/var/cache/*' ! -path '/.upper/root/*' \
    ! -path '/.upper/var/lib/systemd/*' ! -path '/.upper/etc/*-' ! -path '/.upper/var/lib/dpkg/*-old' \
    ! -path '/.upper/var/lib/dpkg/lock*' ! -path '/.upper/var/lib/dpkg/triggers/*' \
    ! -path '/.upper/var/lib/dpkg/status' -printf '%P\n' | sort
}

stop_machine() {
  if [[ -n $machine_pid ]]; then
    kill -KILL "$machine_pid" 2>/dev/null || true
    wait 2>/dev/null || true
  fi
  machine_pid=
  if [[ -n $machine_group && -d $machine_group ]]; then
    local tries
    for ((tries = 0; tries < 50; ++tries)); do
      find "$machine_group" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.1
    done
  fi
  machine_group=
}
