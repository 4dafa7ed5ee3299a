#!/usr/bin/env bash
# Installs Apptainer, where it is not there: Debian has it in sid alone, so it is taken from there with the libraries
# that it was built for, which only it uses. The rest of the system stays as it is. Root, or sudo without a password.
set -euo pipefail
exec </dev/null
if command -v apptainer >/dev/null; then exit 0; fi
export DEBIAN_FRONTEND=noninteractive
sudo=()
((EUID == 0)) || sudo=(sudo -n)
"${sudo[@]}" apt-get update -q
"${sudo[@]}" apt-get install -q -y --no-install-recommends patchelf squashfs-tools uidmap

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{parts,lists/partial,cache/archives/partial}
# The archive that this machine's own packages come from.
archive=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources)
printf 'Types: deb\nURIs: %s\nSuites: sid\nComponents: main\nSigned-By: %s\n' \
    "$archive" /usr/share/keyrings/debian-archive-keyring.gpg >"$work/parts/sid.sources"
apart=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts"
    -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get -q "${apart[@]}" update
cd "$work"
apt-get -q "${apart[@]}" download apptainer libc6 libseccomp2 libsqlite3-0
for package in libc6 libseccomp2 libsqlite3-0; do dpkg -x "${package}"_*.deb libraries; done

own=/opt/apptainer-lib
"${sudo[@]}" mkdir -p "$own"
for file in libc.so.6 libm.so.6 libresolv.so.2 libpthread.so.0 libdl.so.2 librt.so.1 ld-linux-x86-64.so.2 \
    libnss_files.so.2 libnss_dns.so.2 libseccomp.so.2 libsqlite3.so.0; do
    "${sudo[@]}" cp -L "libraries/usr/lib/x86_64-linux-gnu/$file" "$own/"
done
dpkg -x apptainer_*.deb program
for file in usr/bin/apptainer usr/lib/x86_64-linux-gnu/apptainer/bin/starter; do
    patchelf --force-rpath --set-interpreter "$own/ld-linux-x86-64.so.2" --set-rpath "$own" "program/$file"
done
# Without systemd there is nobody to ask for cgroups.
[[ -d /run/systemd/system ]] || sed -i 's/^systemd cgroups = yes/systemd cgroups = no/' program/etc/apptainer/apptainer.conf
# The program itself last: what is there in part is not taken for the whole.
mv program/usr/bin/apptainer apptainer
"${sudo[@]}" cp -a program/. /
"${sudo[@]}" install -m 755 apptainer /usr/bin/apptainer
apptainer version
