// cpp_client.cpp - the same C headers from C++17: handles in unique_ptr, a lambda as callback.
//
//   c++ -std=c++17 -o cpp_client cpp_client.cpp $(pkg-config --cflags --libs libfutu)
//   ./cpp_client [HOST [PORT]]
//
// Without HOST it brings its own paper gateway, so that it runs by itself.

#include <futu/futu.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

template <auto Free> struct Freer {
    template <class T> void operator()(T *p) const { Free(p); }
};
using Loop = std::unique_ptr<futu_loop, Freer<futu_loop_free>>;
using Gateway = std::unique_ptr<futu_gateway, Freer<futu_gateway_free>>;
using Client = std::unique_ptr<futu_client, Freer<futu_client_free>>;
using Reply = std::unique_ptr<futu_reply, Freer<futu_reply_free>>;

std::string_view view(futu_str s) { return { s.p ? s.p : "", s.n }; }

// Errors become exceptions here, outside of the library's callbacks: they must not pass through C.
void check(futu_err err, const std::string &what)
{
    if (err != FUTU_OK)
        throw std::runtime_error(what + ": " + futu_strerror(err));
}

Gateway make_gateway(futu_loop *loop)
{
    futu_gateway_opts opts = FUTU_GATEWAY_OPTS_INIT;
    futu_gateway *g = nullptr;
    char why[200];
    opts.loop = loop;
    opts.upstream = FUTU_UPSTREAM_PAPER;
    opts.paper_clock = "always-open";
    futu_err err = futu_gateway_new(&g, &opts, why, sizeof(why));
    check(err, why);
    return Gateway(g);
}

Client make_client(futu_loop *loop, futu_gateway *gateway, int argc, char **argv, int *pushes)
{
    futu_client_opts opts = FUTU_CLIENT_OPTS_INIT;
    futu_client *c = nullptr;
    opts.loop = loop;
    opts.gateway = gateway;
    opts.host = argc > 1 ? argv[1] : nullptr;
    opts.port = argc > 2 ? static_cast<uint32_t>(std::stoul(argv[2])) : 0;
    opts.arg = pushes;
    opts.on_push = [](futu_client *cl, uint32_t proto, const void *, size_t, const void *msg,
                      void *arg) {
        if (proto != 3005)
            return;
        auto *m = static_cast<const Qot_UpdateBasicQot_Response *>(msg);
        for (size_t i = 0; i < m->s2c->n_basicQotList; i++) {
            const auto &q = m->s2c->basicQotList[i];
            std::printf("%.*s %.3f\n", static_cast<int>(q.security->code.n), q.security->code.p,
                        q.curPrice);
        }
        if (++*static_cast<int *>(arg) == 5)
            futu_loop_stop(futu_client_loop(cl));
    };
    check(futu_client_new(&c, &opts), "client");
    return Client(c);
}

void print_names(futu_client *c, const std::vector<const char *> &codes)
{
    futu_reply *raw = nullptr;
    futu_err err = futu_get_static_info_sync(c, codes.data(), codes.size(), &raw);
    Reply reply(raw);
    check(err, futu_client_error(c));
    auto *m = static_cast<const Qot_GetStaticInfo_Response *>(futu_reply_msg(raw));
    for (size_t i = 0; i < m->s2c->n_staticInfoList; i++) {
        const auto *b = m->s2c->staticInfoList[i].basic;
        std::printf("%s is %s, lot %d\n", std::string(view(b->security->code)).c_str(),
                    std::string(view(b->name)).c_str(), b->lotSize);
    }
}

// A request of which only the struct gives every field; the answer as JSON.
void print_state(futu_client *c)
{
    GetGlobalState_C2S c2s{};
    GetGlobalState_Request request{};
    futu_reply *raw = nullptr;
    c2s.userID = futu_client_user_id(c);
    c2s.has_userID = true;
    request.c2s = &c2s;
    futu_err err = futu_client_call_msg_sync(c, 1002, &request, &raw);
    Reply reply(raw);
    check(err, futu_client_error(c));
    std::printf("%s\n", futu_reply_json(raw));
}

void run(int argc, char **argv)
{
    futu_loop *raw = nullptr;
    int pushes = 0;
    check(futu_loop_new(&raw), "loop");
    Loop loop(raw);             // destroyed last, as the library asks
    Gateway gateway = argc > 1 ? nullptr : make_gateway(loop.get());
    Client client = make_client(loop.get(), gateway.get(), argc, argv, &pushes);
    check(futu_client_connect(client.get()), "connect");
    const std::vector<const char *> codes = { "HK.00700", "US.AAPL" };
    print_names(client.get(), codes);
    print_state(client.get());
    const int32_t type = Qot_Common_SubType_Basic;
    futu_reply *r = nullptr;
    futu_err err = futu_subscribe_sync(client.get(), codes.data(), codes.size(), &type, 1,
                                       FUTU_SUB_PUSH, &r);
    Reply reply(r);
    check(err, futu_client_error(client.get()));
    if (pushes < 5)
        futu_loop_run(loop.get());
}

}  // namespace

int main(int argc, char **argv)
{
    try {
        run(argc, argv);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "cpp_client: %s\n", e.what());
        return 1;
    }
    return 0;
}
