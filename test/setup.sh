#!/bin/sh
# setup.sh SUDO PACKAGE... - installs the Debian packages that are missing, and only those.
set -eu
sudo=$1
shift
missing=
promtool=
for p in "$@"; do
    case $p in
    # Node.js from another source carries npm inside.
    nodejs) command -v node >/dev/null && continue ;;
    npm) command -v npm >/dev/null && continue ;;
    # One program of a package whose installation would start a server: it is taken out of it below.
    promtool)
        [ -x build/tools/promtool ] || command -v promtool >/dev/null || promtool=wanted
        continue
        ;;
    esac
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing$promtool" ] && exit 0
command -v apt-get >/dev/null || {
    echo "missing packages:$missing; this is no Debian, install their equivalents by hand" >&2
    exit 1
}
[ -z "$missing" ] || echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
[ -z "$missing" ] || $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
if [ -n "$promtool" ]; then
    mkdir -p build/tools/prometheus
    (cd build/tools && apt-get download -qq prometheus && dpkg -x prometheus_*.deb prometheus)
    mv build/tools/prometheus/usr/bin/promtool build/tools/promtool
    rm -rf build/tools/prometheus build/tools/prometheus_*.deb
fi
