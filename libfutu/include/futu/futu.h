/* futu/futu.h - the whole of libfutu. */
#ifndef FUTU_FUTU_H
#define FUTU_FUTU_H

#include "futu/audit.h"
#include "futu/base.h"
#include "futu/calls.h"
#include "futu/client.h"
#include "futu/console.h"
#include "futu/doctor.h"
#include "futu/gateway.h"
#include "futu/grpc.h"
#include "futu/http.h"
#include "futu/keys.h"
#include "futu/login.h"
#include "futu/loop.h"
#include "futu/mcp.h"
#include "futu/proto.h"

#endif
