/* registry.h - the protocols, generated from proto/protocols.tsv; all surfaces read this table. */
#ifndef CODEC_REGISTRY_H
#define CODEC_REGISTRY_H

#include "codec/codec.h"
#include "futu/proto_id.h"

enum proto_kind { PROTO_REQUEST, PROTO_PUSH };
/* Scopes of API keys; a row's set is met by any one of them. */
enum proto_scope { SCOPE_QOT_READ = 1, SCOPE_ACC_READ = 2, SCOPE_TRADE_SIMULATE = 4,
                   SCOPE_TRADE_REAL = 8, SCOPE_TRADE_UNLOCK = 16, SCOPE_ADMIN = 32,
                   SCOPE_METRICS_READ = 64 };
enum proto_freq_by { FREQ_NONE, FREQ_GATEWAY, FREQ_ACCOUNT };
/* Which calls count: all, those with c2s.refreshCache, those without c2s.nextReqKey. */
enum proto_freq_when { FREQ_ALWAYS, FREQ_REFRESH, FREQ_FIRST_PAGE };

struct proto_row {
    uint32_t id;
    const char *name;           /* Qot_GetBasicQot */
    uint8_t kind;               /* enum proto_kind */
    uint8_t freq_by, freq_when;
    uint8_t freq_n;             /* calls in 30 s; 0: no limit */
    uint16_t freq_gap_ms;       /* least distance of two calls, 0: none */
    bool write;                 /* carries a packetID: places, modifies or confirms an order */
    const char *freq_text;      /* the vendor's name of the call in its "too frequent" text */
    uint8_t scopes;             /* SCOPE_*; 0: any key will do */
    const char *scope;          /* the same as text, "none" for 0 */
    const char *rest, *mcp, *cli;       /* REST path, MCP tool, futucli verb; NULL: has none */
    const futu_msg *request, *response; /* both NULL: no published message (1009) */
};

const struct proto_row *proto_find(uint32_t id);            /* NULL: not in the registry */
const struct proto_row *proto_by_name(futu_str name);       /* as declared, any case */
const struct proto_row *proto_rows(size_t *n);              /* ascending ids */

/* The envelope every reply shares; a failure is built without knowing its protocol. */
enum { RET_OK = 0, RET_FAILED = -1, RET_TIMEOUT = -100, RET_DISCONNECTED = -200, RET_UNKNOWN = -400,
       RET_INVALID = -500 };
futu_err codec_failure(struct buf *out, int32_t ret_type, int32_t err_code, futu_str msg);

#endif
