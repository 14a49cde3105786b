/* journal_anew.c - the file of a journal begins anew while orders come: what is remembered is
 * written, a few entries at each line that the file gets, into a text that takes the place of the
 * file once all is there.
 *
 * An entry whose turn has come (its round is the journal's) has its later lines in the text too;
 * any other is written as it is when its turn comes. What the file has not, the text has neither.
 * Tests:   test/unit/access/journal_anew_test.c, test/unit/io/journal_crash_test.c
 */
#include "access/journal.h"

#define AT_A_TIME 32

static void give_up(struct journal *j)
{
    buf_free(&j->anew);
    j->turn = NULL;
    grown_from(&j->file, j->file.size);         /* not at the very next line again */
}

static void begin(struct journal *j)
{
    j->round++;
    j->turn = j->all.next;
    if (journal_write_head(j, &j->anew))
        give_up(j);
}

static bool put(struct journal *j, struct order_entry *e)
{
    e->round = j->round;
    if (!e->filed)
        return true;
    return journal_write_sent(e, &j->anew) == FUTU_OK &&
           (!e->answer || journal_write_answer(e, &j->anew) == FUTU_OK);
}

static void go_on(struct journal *j)
{
    for (int i = 0; i < AT_A_TIME && j->turn != &j->all; i++) {
        struct order_entry *e = list_entry(j->turn, struct order_entry, node);
        j->turn = j->turn->next;
        if (!put(j, e)) {
            give_up(j);
            return;
        }
    }
}

void journal_filed(struct journal *j, struct order_entry *e, futu_str line)
{
    bool much = grown_by(&j->file, line.n);
    if (line.p[0] == '-')
        return;                 /* the entry goes now: see journal_left() */
    e->filed = true;
    if (!j->turn && much)
        begin(j);
    else if ((e->round == j->round || j->turn == &j->all) && j->turn &&
             buf_put(&j->anew, line.p, line.n))
        give_up(j);
    if (j->turn)
        go_on(j);
}

void journal_left(struct journal *j, const struct order_entry *e)
{
    if (j->turn == &e->node)
        j->turn = e->node.next;
    if (j->turn && e->round == j->round && journal_write_drop(e, &j->anew))
        give_up(j);
}

bool journal_anew(const struct journal *j, futu_str *text)
{
    *text = buf_str(&j->anew);
    return j->turn == &j->all;
}

void journal_begun(struct journal *j, bool well)
{
    size_t n = j->anew.n;
    give_up(j);
    if (well)
        grown_from(&j->file, n);
}
