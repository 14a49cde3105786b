/* config.h - the sources of options beside the command line, and the judge of the whole.
 *
 * All return false with one line for the user in `why`.
 * Threads: none.
 * Tests:   test/unit/opend/config_test.c, test/integration/config_test.c, test/fuzz/fuzz_xml.c
 */
#ifndef OPEND_CONFIG_H
#define OPEND_CONFIG_H

#include <stddef.h>

#include "options.h"

#define CONFIG_MAX (1u << 20)           /* bytes of a file */
#define CONFIG_PREFIX "FUTU_OPEND_"     /* of variables that are options */
#define CONFIG_PASSWORD "FUTU_PWD="
#define CONFIG_XML "FutuOpenD.xml"      /* found without being named */

/* Variables FUTU_OPEND_<OPTION> and the few that are known under another name; an empty one counts
 * as absent. */
bool config_env(struct opend_conf *c, char **env, char *why, size_t size);

/* The file of --config, else FutuOpenD.xml in the working directory, else beside the program; none
 * is fine. */
bool config_file(struct opend_conf *c, char *why, size_t size);

/* One file's text; `file` names it in messages and stays valid as long as the configuration. `why`
 * begins with "line N: ". */
bool config_toml(struct opend_conf *c, const char *file, const char *text, size_t n, char *why,
                 size_t size);
/* The official format. Elements of the vendor's OpenD that mean nothing here are noted. */
bool config_xml(struct opend_conf *c, const char *file, const char *text, size_t n, char *why,
                size_t size);

/* What both have in common: the option behind a key of a file, spelled with underscores or dashes.
 * NULL: there is none, `why` says what may have been meant. */
const struct option *config_key(const char *key, size_t n, char *why, size_t size);
/* A wrong log level is noted, and that of the default stays; all else that is wrong is an error. */
bool config_set(struct opend_conf *c, const struct option *o, const char *text, const char *file,
                unsigned line, char *why, size_t size);

/* Fills what follows from other options, then looks at the whole. */
bool config_judge(struct opend_conf *c, char *why, size_t size);
/* The part of it about a direct login. */
bool judge_login(struct opend_conf *c, char *why, size_t size);

#endif
