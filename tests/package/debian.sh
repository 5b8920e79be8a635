#!/bin/bash
# The life of the Debian packages on a machine of its own that sees neither the tree nor the
# build: installed with dpkg, run by systemd, steered, extended by a device that is built there
# against dkvm-dev, upgraded and purged.
# usage: debian.sh DEBS SOURCE_DIR BUILD_DIR
set -euo pipefail
debs=$(realpath "$1") tree=$(realpath "$2") build=$(realpath "$3")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
source "$here/machine.sh"
cd / # a folder that the machine has too
work=$(mktemp -d)
trap 'stop_machine; rm -rf "$work"' EXIT

say() { printf '== %s\n' "$*"; }
give_up() {
  say "$*"
  if [[ -n $machine_pid ]]; then
    in_machine systemctl status --no-pager --lines 60 dkvm.service || true
  fi
  exit 1
}
must() { in_machine "$@" >"$work/out" 2>&1 || { cat "$work/out"; give_up "failed: $*"; }; }
must_fail() { if in_machine "$@" >"$work/out" 2>&1; then cat "$work/out"; give_up "did not fail: $*"; fi; }
says() { grep -q -e "$1" "$work/out" || { cat "$work/out"; give_up "this does not say: $1"; }; }
wait_until() { # WHAT COMMAND...: 30 s at most
  local what=$1 tries
  shift
  for ((tries = 0; tries < 300; ++tries)); do
    if "$@" >"$work/waited" 2>&1; then return; fi
    sleep 0.1
  done
  cat "$work/waited"
  give_up "gave up waiting until $what"
}
write() { in_machine tee "$1" >/dev/null; } # FILE, of stdin
property() { in_machine systemctl show --value -p "$1" dkvm.service; }
ctl() { in_machine runuser -u dkvm -- dkvmctl "$@"; }
state_of() { ctl --json device "$1" | sed -n 's/.*"state": *"\([a-z]*\)".*/\1/p'; }
is_in_state() { [[ $(state_of "$1") == "$2" ]]; }

mapfile -t packages < <(ls "$debs"/*.deb)
[[ ${#packages[@]} == 2 ]] || give_up "$debs has ${#packages[@]} packages, expected 2"
if dpkg-query -W dkvm >/dev/null 2>&1; then skip "dkvm is installed on this machine"; fi
start_machine "$work/machine" "$tree" "$build"
must mkdir /root/debs
for package in "${packages[@]}"; do write "/root/debs/$(basename "$package")" <"$package"; done
machine_changes >"$work/before"
must_fail ls "$build/bin/dkvm-kernel"

say "installing"
must sh -c 'dpkg --install /root/debs/*.deb'
for program in dkvm-kernel dkvmctl; do
  [[ $(in_machine sh -c "command -v $program") == /usr/bin/$program ]] || give_up "$program is not in /usr/bin"
done
must getent passwd dkvm
says ':/var/lib/dkvm:/usr/sbin/nologin$'
must_fail systemctl is-enabled dkvm.service
must_fail systemctl is-active dkvm.service
must dkvm-kernel --check
says '^/etc/dkvm/kvm.yaml: fine: 1 device, 0 pipelines$'

say "units"
must systemd-analyze verify /usr/lib/systemd/system/dkvm.service
[[ ! -s $work/out ]] || { cat "$work/out"; give_up "systemd-analyze finds fault with the unit"; }
must env XDG_RUNTIME_DIR=/run systemd-analyze --user verify /usr/lib/systemd/user/dkvm.service
[[ ! -s $work/out ]] || { cat "$work/out"; give_up "systemd-analyze finds fault with the user's unit"; }
# 10 is a service that may do everything, 0 one that may do nothing; this one needs devices,
# networks and the memory that X servers share with it.
must systemd-analyze --no-pager security --threshold=40 dkvm.service
tail -n 1 "$work/out"

say "the service"
must systemctl start dkvm.service
must systemctl is-active dkvm.service
pid=$(property MainPID)
must test "/proc/$pid/exe" -ef /usr/bin/dkvm-kernel
[[ $(in_machine stat -c %U "/proc/$pid") == dkvm ]] || give_up "it does not run as dkvm"
[[ $(property StatusText) == "1 device runs" ]] || give_up "its status is '$(property StatusText)'"
ctl --json device control >"$work/out"
device_pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$work/out")
must test "/proc/$device_pid/exe" -ef /usr/libexec/dkvm/dkvm-control
[[ $(in_machine cat "/proc/$device_pid/environ" | tr '\0' '\n' | grep -c NOTIFY_SOCKET) == 0 ]] ||
  give_up "devices can speak for the service"

say "a device built against dkvm-dev, with find_package and with pkg-config"
must cp -r /usr/share/doc/dkvm/examples/devices/pedal-cpp /root/pedal
must cmake -S /root/pedal -B /root/pedal/build
must cmake --build /root/pedal/build
must install -D /root/pedal/build/acme-pedal /opt/acme/pedal-cmake
must sh -c 'g++ -std=c++20 $(pkg-config --cflags --libs dkvm) -o /opt/acme/pedal-pkgconfig /root/pedal/pedal.cpp'

say "reload"
must sh -c 'mkfifo /var/lib/dkvm/cmake /var/lib/dkvm/pkgconfig; chown dkvm: /var/lib/dkvm/*'
# Somebody who has the pedals open all the time.
must systemd-run --quiet --unit=feet sh -c 'exec 7<>/var/lib/dkvm/cmake 8<>/var/lib/dkvm/pkgconfig; exec sleep infinity'
write /etc/dkvm/kvm.yaml <<'END'
devices:
  control: {type: control, grants: [{target: kernel, methods: "*"}]}
  cmake: {exec: [/opt/acme/pedal-cmake], config: {path: /var/lib/dkvm/cmake}}
  pkgconfig: {exec: [/opt/acme/pedal-pkgconfig], config: {path: /var/lib/dkvm/pkgconfig}}
  typed: {type: dummy-keyboard-sink, config: {file: /var/lib/dkvm/typed.jsonl}}
  screen: {type: dummy-display-source, config: {size: 320x200}}
  seen: {type: dummy-display-sink}
  slow:    # lets go of what it holds when its kernel is gone, and takes its time
    exec:
      - /bin/sh
      - -c
      - >-
        trap 'trap "" TERM; sleep 0.5; echo let go >>/var/lib/dkvm/slow; exit 0' TERM;
        exec 3<&0; /usr/libexec/dkvm/dkvm-dummy-keyboard-sink "$@" <&3 3<&- & wait $!; sleep 1 & wait $!
      - slow
    config: {file: /dev/null}
pipelines:
  - {name: pedals, from: [cmake, pkgconfig], to: typed}
  - {name: pictures, from: screen, to: seen}
END
must systemctl reload dkvm.service
[[ $(property MainPID) == "$pid" ]] || give_up "the reload has started another kernel"
for device in cmake pkgconfig typed screen seen slow; do
  wait_until "$device runs" is_in_state "$device" running
done
for which in cmake pkgconfig; do
  in_machine sh -c "printf '\\001' >/var/lib/dkvm/$which; printf '\\000' >/var/lib/dkvm/$which"
  wait_until "the pedal of $which was down and up" \
    in_machine grep -q '"down":false' /var/lib/dkvm/typed.jsonl
  must grep -q '"down":true' /var/lib/dkvm/typed.jsonl
  must truncate -s 0 /var/lib/dkvm/typed.jsonl
done
pictures() { ctl --json pipelines | grep -q '"delivered": *[1-9]'; }
wait_until "pictures arrive through sealed memory" pictures
in_machine sed -i 's/type: control/typ: control/' /etc/dkvm/kvm.yaml
must_fail systemctl reload dkvm.service
must journalctl --no-pager -u dkvm.service
says 'kvm.yaml:2:'
[[ $(property MainPID) == "$pid" && $(state_of cmake) == running ]] || give_up "a wrong file did harm"
in_machine sed -i 's/typ: control/type: control/' /etc/dkvm/kvm.yaml

say "a crash lets devices let go, and is mended"
must kill -KILL "$pid"
wait_until "slow has let go" in_machine grep -q 'let go' /var/lib/dkvm/slow
lives_anew() { [[ $(property ActiveState) == active && $(property MainPID) != "$1" ]]; }
wait_until "the kernel is back" lives_anew "$pid"

in_machine sed -i '/^  slow:/,/^pipelines:/{/^pipelines:/!d}' /etc/dkvm/kvm.yaml
must systemctl restart dkvm.service

say "a loop that hangs is ended"
must mkdir -p /run/systemd/system/dkvm.service.d
write /run/systemd/system/dkvm.service.d/test.conf <<<$'[Service]\nWatchdogSec=1\nTimeoutAbortSec=1'
must systemctl daemon-reload
must systemctl restart dkvm.service
pid=$(property MainPID)
must kill -STOP "$pid"
wait_until "another kernel is there" lives_anew "$pid"
must journalctl --no-pager -u dkvm.service
says 'Watchdog timeout'
must rm -r /run/systemd/system/dkvm.service.d
must systemctl daemon-reload

say "stop"
must systemctl restart dkvm.service
must systemctl stop dkvm.service
[[ $(property Result)/$(property ExecMainStatus) == success/0 ]] ||
  give_up "it ended with $(property Result), status $(property ExecMainStatus)"
must journalctl --no-pager -u dkvm.service -n 30
says 'stopping: asked by SIGTERM'
if grep -q 'killed by SIGKILL\|would not die' "$work/out"; then give_up "it did not end in good order"; fi

say "a user's own service"
must useradd --create-home --uid 4711 person
must loginctl enable-linger person
wait_until "the user's services run" in_machine systemctl is-active user@4711.service
as_person() { in_machine runuser -u person -- env XDG_RUNTIME_DIR=/run/user/4711 "$@"; }
as_person mkdir -p /home/person/.config/dkvm
as_person tee /home/person/.config/dkvm/kvm.yaml >/dev/null <<'END'
devices: {control: {type: control, grants: [{target: kernel, methods: "*"}]}}
END
as_person systemctl --user start dkvm.service || give_up "the user's service does not start"
as_person dkvmctl status >"$work/out" || give_up "the user's kernel does not answer"
says '/home/person/.config/dkvm/kvm.yaml'
says '/run/user/4711/dkvm/control.sock'
as_person systemctl --user reload dkvm.service || give_up "the user's service does not reload"
as_person systemctl --user stop dkvm.service
[[ $(as_person systemctl --user show --value -p Result dkvm.service) == success ]] ||
  give_up "the user's service does not stop in good order"
must loginctl disable-linger person
wait_until "the user's services are down" \
  in_machine sh -c '! systemctl is-active user@4711.service && ! pgrep -u person'
must userdel --remove person

say "upgrade"
must systemctl enable --now dkvm.service
pid=$(property MainPID)
must sh -c 'dpkg --force-confold --install /root/debs/dkvm_*.deb'
wait_until "the new kernel runs" lives_anew "$pid"
must grep -q pedal-cmake /etc/dkvm/kvm.yaml

say "removal"
must dpkg --remove dkvm dkvm-dev
must_fail systemctl is-active dkvm.service
must_fail pgrep -u dkvm
must ls /etc/dkvm/kvm.yaml /var/lib/dkvm/typed.jsonl
must dpkg --purge dkvm dkvm-dev
must_fail getent passwd dkvm
must_fail dpkg-query -W dkvm
must_fail dpkg-query -W dkvm-dev
must_fail ls /etc/dkvm /usr/share/dkvm /var/lib/dkvm
must systemctl stop feet.service
must rm -r /opt/acme
must sh -c 'rmdir --ignore-fail-on-non-empty /opt'
machine_changes >"$work/after"
left=$(comm -13 "$work/before" "$work/after" | while read -r file; do
  # A file that was written to, and is what it was.
  if [[ -f /$file ]] && in_machine cat "/$file" | cmp -s - "/$file"; then continue; fi
  echo "$file"
done)
[[ -z $left ]] || { echo "$left"; give_up "this is left"; }
say "all of it works, and nothing is left"
