/* dry_run.h - --check-config: whether all that the options name can be read and makes sense. */
#ifndef OPEND_DRY_RUN_H
#define OPEND_DRY_RUN_H

#include "options.h"

/* Beyond what options_parse() judged: keys files, RSA keys, certificates, the place of the audit
 * trail. Opens no port, dials nothing, writes nothing. False: `why` holds one line. */
bool check_files(const struct opend_conf *c, char *why, size_t size);

#endif
