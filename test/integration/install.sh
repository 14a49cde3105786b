#!/bin/sh
# install.sh - installs into an empty folder, then builds and runs the examples against that alone, as
# a user's program would be: by pkg-config, as C11 and C++17 with every warning an error, dynamically
# and from the archive. Then it is taken away again, and nothing is left.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
${MAKE:-make} -s install DESTDIR="$dir" PREFIX=/usr/local >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
root=$dir/usr/local
for f in lib/libfutu.so.0 lib/libfutu.a include/futu/futu.h include/futu/proto.h bin/futu-opend \
    bin/futucli share/man/man1/futucli.1 share/futu/deploy/ci.sh; do
    [ -e "$root/$f" ] || { echo "install.sh: $f is missing"; exit 1; }
done
PKG_CONFIG_PATH=$root/lib/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$dir
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
flags=$(pkg-config --cflags --libs libfutu)
strict="-Wall -Wextra -Wpedantic -Werror"
soname=$(objdump -p "$root/lib/libfutu.so" | sed -n 's/^ *SONAME *//p')
[ "$soname" = libfutu.so.0 ] || { echo "install.sh: soname is $soname"; exit 1; }

for f in examples/*.c; do
    # shellcheck disable=SC2086
    ${CC:-cc} -std=gnu11 $strict -o "$dir/$(basename "$f" .c)" "$f" $flags
done
# shellcheck disable=SC2086
${CXX:-c++} -std=c++17 $strict -o "$dir/cpp_client" examples/cpp_client.cpp $flags
# shellcheck disable=SC2046
${CC:-cc} -std=gnu11 -I"$root/include" -o "$dir/from_archive" examples/embedded_gateway.c \
    "$root/lib/libfutu.a" $(sed -n 's/^Libs.private: //p' "$root/lib/pkgconfig/libfutu.pc")

"$dir/from_archive" HK.00700 2 >/dev/null
"$root/bin/futucli" --help >/dev/null           # finds its library in ../lib
LD_LIBRARY_PATH=$root/lib
export LD_LIBRARY_PATH
"$dir/embedded_gateway" HK.00700 2 >/dev/null
"$dir/cpp_client" >/dev/null
sh test/integration/examples.sh "$root/bin/futu-opend" "$dir"

# The unit starts the program of this prefix, which a package's build chooses.
unit=lib/systemd/system/futu-opend.service
grep -q '^ExecStart=/usr/local/bin/futu-opend ' "$root/$unit"
${MAKE:-make} -s install DESTDIR="$dir/package" PREFIX=/usr >"$dir/log" 2>&1
grep -q '^ExecStart=/usr/bin/futu-opend ' "$dir/package/usr/$unit"
${MAKE:-make} -s uninstall DESTDIR="$dir"
left=$(find "$root" ! -type d)
[ -z "$left" ] || { echo "install.sh: make uninstall leaves $left"; exit 1; }
