#!/usr/bin/env bash
# Serves a model from an OCI image that podman runs. There is no registry to be reached: the image's base is made of this machine's Node and
# shell and of this checkout, and stands in for the first two steps of the Containerfile.
set -euo pipefail
cd "$(dirname "$0")"
images=../../../serve/containers/images
work=$(mktemp -d)
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
tag="localhost/gymnura-test-$$"
cleanup() {
  podman rmi --force --ignore "$tag" "$tag-base" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
if ! { command -v podman && command -v runc; } >/dev/null; then
  $sudo apt-get update -qq || true
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends podman runc >/dev/null || true
fi
# Where a sandbox forbids raising limits, or has its own sort of control groups, podman's usual settings would fail.
cat >"$work/containers.conf" <<'EOF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
EOF
export CONTAINERS_CONF="$work/containers.conf"

root="$work/root"
mkdir -p "$root"/{tmp,etc,srv/node_modules/gymnura}
for program in "$(readlink -f "$(command -v node)")" "$(readlink -f /bin/sh)" "$(command -v basename)"; do
  mkdir -p "$root/usr/bin"
  cp "$program" "$root/usr/bin/"
  ldd "$program" | grep -oE '/[^ ]+' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -nL "$library" "$root$library"
  done
done
ln -s usr/bin "$root/bin"
[ -e "$root/usr/bin/sh" ] || ln -s "$(basename "$(readlink -f /bin/sh)")" "$root/usr/bin/sh"
echo 'node:x:1000:1000::/:/bin/sh' >"$root/etc/passwd"
cp -r ../../../dist ../../../package.json "$root/srv/node_modules/gymnura/"
tar -C "$root" -c . | podman import --quiet - "$tag-base" >/dev/null || true

# Not every sandbox lets an engine run; the command line is tested without one.
if ! podman run --rm --network host "$tag-base" sh -c true; then
  echo "no container engine runs here"
  echo "0 passed, 0 failed"
  exit
fi

cp model.mjs "$work/"
sed -e "s|^FROM .*|FROM $tag-base|" -e '/^RUN /d' "$images/Containerfile.function" >"$work/Containerfile"
podman build --quiet --isolation chroot -t "$tag" -f "$work/Containerfile" "$work" >/dev/null
node check.mjs "$tag"
