#!/bin/sh
# run.sh SECONDS TARGET... - builds each fuzz target with clang's libFuzzer, ASAN and UBSAN and runs it
# that long, starting from the corpus. New inputs that matter stay in build/fuzz/TARGET/.
set -eu
seconds=$1
shift
flags="-std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
    -Ilibfutu/include -Ibuild/gen -Ilibfutu -Ifutu-opend -DLLHTTP_STRICT_MODE=1
    -I/usr/share/include -I/usr/share/include/llhttp -w"
make -s build/gen/stamp
mkdir -p build/fuzz/obj
# A header that has changed may be in any of them.
stamp=build/fuzz/obj/stamp
[ ! -e $stamp ] || [ -z "$(find libfutu futu-opend build/gen -name '*.h' -newer $stamp)" ] || rm -f build/fuzz/obj/*.o
touch $stamp
for src in $(find libfutu build/gen /usr/share/llhttp -name '*.c') $(find futu-opend -name '*.c' ! -name main.c); do
    obj=build/fuzz/obj/$(echo "$src" | tr / _).o
    # shellcheck disable=SC2086
    [ "$obj" -nt "$src" ] || clang $flags -c -o "$obj" "$src"
done
# As archives: library and daemon may have a function of the same name, and a target takes what it needs.
rm -f build/fuzz/lib*.a
ar rcs build/fuzz/libfutu.a $(ls build/fuzz/obj/*.o | grep -v /futu-opend_)
ar rcs build/fuzz/libopend.a build/fuzz/obj/futu-opend_*.o
for t in "$@"; do
    mkdir -p "build/fuzz/$t"
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer,address,undefined -o "build/fuzz/run_$t" "test/fuzz/$t.c" \
        build/fuzz/libfutu.a build/fuzz/libopend.a build/fuzz/libfutu.a \
        -luv -lmbedtls -lmbedx509 -lmbedcrypto -lnghttp2 -lsodium -lnettle -llz4 -lwslay -lexpat -lz -lcjson -lm -lpthread
    "build/fuzz/run_$t" -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 \
        "build/fuzz/$t" "test/fuzz/corpus/$t"
done
