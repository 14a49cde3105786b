/* replay.c - runs a fuzz target over every file of a folder, and over cuts and bit flips of each,
 * so that `make test` needs no fuzzing engine. Prints how many inputs it ran; none is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_LIMIT (1u << 20)
#define MUTATIONS 200

static uint32_t next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

/* A copy of exactly n bytes, so that a read behind the end is seen by the sanitizer. */
static void run(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static size_t run_file(const char *path)
{
    static uint8_t data[INPUT_LIMIT];
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = fread(data, 1, sizeof(data), f);
    fclose(f);
    uint32_t x = 2463534242u;
    run(data, n);
    for (size_t i = 0; n && i < MUTATIONS; i++) {
        size_t at = next_random(&x) % n;
        uint8_t old = data[at];
        data[at] ^= (uint8_t)(1u << (next_random(&x) % 8));
        run(data, i % 4 ? n : at);
        data[at] = old;
    }
    return 1 + (n ? MUTATIONS : 0);
}

int main(int argc, char **argv)
{
    size_t inputs = 0;
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
    if (!d) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        inputs += run_file(path);
    }
    closedir(d);
    printf("%s: %zu inputs\n", argv[0], inputs);
    return inputs ? 0 : 1;
}
