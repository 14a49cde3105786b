/* fuzz_xml.c - any file in the official XML format: options, or a reason with its line. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct opend_conf c;
    char why[512] = "";
    if (!config_xml(&c, "f", (const char *)data, size, why, sizeof(why)))
        assert(strncmp(why, "line ", 5) == 0);
    options_free(&c);
    return 0;
}
