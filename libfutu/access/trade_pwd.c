/* trade_pwd.c - see trade_pwd.h. */
#include "access/trade_pwd.h"

#include <string.h>

int trade_pwd_left(const struct trade_pwd *g, int64_t now)
{
    int64_t left = g->until - now;
    return left > 0 ? (int)((left + NS_PER_S - 1) / NS_PER_S) : 0;
}

void trade_pwd_wrong(struct trade_pwd *g, int64_t now)
{
    if (++g->wrong >= TRADE_PWD_TRIES)
        g->until = now + TRADE_PWD_PAUSE;
}

void trade_pwd_right(struct trade_pwd *g)
{
    *g = (struct trade_pwd){ .wrong = 0 };
}

static bool has_one(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strstr(text, *words))
            return true;
    return false;
}

bool trade_pwd_refusal(futu_str text)
{
    static const char *const subjects[] = { "密码", "password", "passwd", "pswd", NULL };
    static const char *const faults[] = { "错误", "不正确", "有误", "不对", "wrong", "incorrect",
                                          "invalid", "error", "mismatch", "not match", NULL };
    static const char *const others[] = { "次数过多", "one-time", "one time", "otp", "动态", "令牌",
                                          "token", NULL };
    char lower[512];
    str_copy(lower, sizeof(lower), text.p ? text : STR(""));
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return has_one(lower, subjects) && has_one(lower, faults) && !has_one(lower, others);
}
