"""futu_v1.proto: the gRPC services with one method per protocol, for users."""
FILE = "futu_service.proto"     # written by hand; not a part of what the C side carries
NAME = "futu_v1.proto"

HEAD = """\
// futu_v1.proto - one gRPC method per protocol, with the protocol's own messages; generated from
// protocols.tsv. futu_service.proto says how keys are given and what each status means; retType of
// a Response says whether the request itself succeeded.
syntax = "proto3";
package futu.v1;

"""
SERVICES = {"System": "what is neither a quote nor a trade", "Quote": "Qot_*", "Trade": "Trd_*"}
PREFIXES = {"Qot_": "Quote", "Trd_": "Trade"}
OWN = ("InitConnect",)      # belongs to a connection


def method(row):
    """Service and method of a protocol."""
    for prefix, service in PREFIXES.items():
        if row["name"].startswith(prefix):
            return service, row["name"].removeprefix(prefix)
    return "System", row["name"]


def callable_(row):
    return row["kind"] == "req" and row["request"] != "-" and row["name"] not in OWN


def text(rows):
    pushes = {r["file"] for r in rows if r["kind"] == "push"}
    rows = [r for r in rows if callable_(r)]
    out = [HEAD]
    out.extend(f'import "{name}";\n' for name in sorted({r["file"] for r in rows}))
    out.append("\n// What SubscribePush brings, so that reflection has it too.\n")
    out.extend(f'import public "{name}";\n' for name in sorted(pushes))
    for service, what in SERVICES.items():
        out.append(f"\n// {what[0].upper() + what[1:]}.\nservice {service} {{\n")
        for r in rows:
            if method(r)[0] == service:
                out.append(f"    // {r['id']}; scope {r['scope']}\n"
                           f"    rpc {method(r)[1]}(.{r['request']}) returns (.{r['response']});\n")
        out.append("}\n")
    return "".join(out)
