# Becomes the first process of a machine (machine.sh), in namespaces of its own.
# usage: machine_boot.sh FOLDER HIDDEN...
set -eu
folder=$1
shift
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/root"
root=$folder/root

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for each in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$each"; done
chmod 1777 "$root/tmp"
for each in null zero full random urandom tty; do
  touch "$root/dev/$each"
  mount --bind "/dev/$each" "$root/dev/$each"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for each in "$@"; do
  mkdir -p "$root$each"
  mount -t tmpfs tmpfs "$root$each"
done
ip link set lo up

# What its host starts is not started here; its manual pages need no index.
rm -rf "$root/etc/systemd/system" "$root/etc/systemd/user" "$root/var/lib/man-db/auto-update"
mkdir "$root/etc/systemd/system" "$root/etc/systemd/user"
echo dkvm-machine >"$root/etc/hostname"
rm -f "$root/etc/fstab" "$root/usr/sbin/policy-rc.d" # packages may start what they have
cat >"$root/run/machine-target" <<END
[Unit]
Requires=sysinit.target dbus.socket systemd-logind.service
After=sysinit.target dbus.socket systemd-logind.service
END
mkdir -p "$root/run/systemd/system"
# What would reach through to the host's kernel.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
for each in systemd-sysctl systemd-modules-load systemd-remount-fs systemd-random-seed; do
  ln -s /dev/null "$root/run/systemd/system/$each.service"
done
mv "$root/run/machine-target" "$root/run/systemd/system/dkvm-test.target"

mkdir "$root/.upper"
mount --bind "$folder/upper" "$root/.upper"
exec chroot "$root" /usr/bin/env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=dkvm-test.target --log-target=journal --show-status=0
