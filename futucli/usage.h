/* usage.h - parses arguments by a verb's table and prints that table as help. */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include "cli.h"

/* With `rest`: options that are not in the table, and all other words, are handed on in order (the
 * verb's own). Without: they are errors, and words go to a->words. False after its message. */
bool args_parse(struct args *a, int n, const char **argv, const char **rest, int *n_rest, int max);
void usage_group(const struct cmd *cmds);
void usage_opts(const struct cmd_opt *opts);
void usage_cmd(const struct cmd *cmd);
unsigned word_distance(const char *a, const char *b);
/* A word at this distance or farther was not meant. */
unsigned near_enough(const char *word);

#endif
