/* zone.h - the time zone of the process.
 *
 * Names are those of the system's zone files, such as Asia/Hong_Kong or UTC.
 */
#ifndef OPEND_ZONE_H
#define OPEND_ZONE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is such a zone; nothing outside the folder of zones is looked at. */
bool zone_exists(const char *name);
/* From here on local time is that zone's; before any thread starts. */
void zone_apply(const char *name);

#endif
