#!/usr/bin/env bash
# Fetches Debian's registry of images for the stories, where it is not there. It is not installed: the package would
# have it serve as a daemon, and the stories start their own.
# Usage: tests/peers/registry.sh [FOLDER]    (target/peers when absent)
set -euo pipefail
exec </dev/null
folder=${1:-$(dirname "$0")/../../target/peers}
if [[ -x $folder/docker-registry || -x /usr/bin/docker-registry ]]; then exit 0; fi
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! apt-cache show docker-registry >/dev/null 2>&1; then
    sudo=()
    ((EUID == 0)) || sudo=(sudo -n)
    "${sudo[@]}" apt-get update -q
fi
(cd "$work" && apt-get -q -o APT::Sandbox::User=root download docker-registry && dpkg -x docker-registry_*.deb package)
# At last, and whole.
install -m 755 "$work/package/usr/bin/docker-registry" "$folder/docker-registry.part"
mv "$folder/docker-registry.part" "$folder/docker-registry"
