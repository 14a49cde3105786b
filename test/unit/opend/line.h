/* line.h - a listener in this process and clients on loopback, all on one loop: nothing happens but
 * inside the line_* functions. Errors abort the test. */
#ifndef TEST_UNIT_OPEND_LINE_H
#define TEST_UNIT_OPEND_LINE_H

#include "support.h"

#include "listener.h"           /* behind it: uv.h brings macros of the same names */

extern struct listener line;
extern uv_loop_t line_loop;

void line_start(const struct listener_kind *kind, unsigned max);
void line_stop(void);                   /* checks that every connection is gone */
void line_turn(void);                   /* lets everything that can happen happen */
/* Turns until it is so. */
#define line_await(so)                                                                             \
    do {                                                                                           \
        for (int turns_ = 0; !(so); turns_++) {                                                    \
            ck_assert_msg(turns_ < 3000, "never: " #so);                                           \
            line_turn();                                                                           \
        }                                                                                          \
    } while (0)

int line_connect(void);
void line_send(int fd, const char *p, size_t n);
void line_say(int fd, const char *text);
/* Exactly these bytes come; a Date line's value is "*" in what is compared. */
void line_expect(int fd, const char *text);
void line_expect_bytes(int fd, const void *p, size_t n);
/* Up to `size` bytes until "\r\n\r\n"; a NUL behind. */
void line_head(int fd, char *head, size_t size);
void line_skip(int fd, size_t n);       /* n bytes, whatever they are */
void line_read(int fd, char *p, size_t n);      /* exactly n bytes */
void line_ended(int fd);                /* the end comes, and nothing before it; closes fd */
void line_silent(int fd);               /* nothing comes, and it stays open */
void line_tick(uint64_t ms);            /* as if `ms` had gone by */

#endif
