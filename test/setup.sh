#!/bin/sh
# setup.sh SUDO PACKAGE... - installs the Debian packages that are missing, and only those.
set -eu
sudo=$1
shift
missing=
for p in "$@"; do
    case $p in
    # Node.js from another source carries npm inside.
    nodejs) command -v node >/dev/null && continue ;;
    npm) command -v npm >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null || {
    echo "missing packages:$missing; this is no Debian, install their equivalents by hand" >&2
    exit 1
}
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
