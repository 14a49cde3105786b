/* err.c - names and texts of the error list in futu/base.h. */
#include "base/base.h"

const char *futu_strerror(futu_err err)
{
    switch (err) {
#define X(name, value, text)                                                                       \
    case FUTU_##name:                                                                              \
        return text;
        FUTU_ERR_MAP(X)
#undef X
    }
    return "unknown error";
}

const char *futu_err_name(futu_err err)
{
    switch (err) {
#define X(name, value, text)                                                                       \
    case FUTU_##name:                                                                              \
        return "FUTU_" #name;
        FUTU_ERR_MAP(X)
#undef X
    }
    return "FUTU_?";
}

const char *futu_version(void)
{
    return FUTU_VERSION;
}
