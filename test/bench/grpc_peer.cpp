// grpc_peer.cpp - the peer of the gRPC port: grpc C++ with its asynchronous interface, one thread
// and one completion queue. No message is parsed.
//
// usage: grpc_peer BODY EVENT [GATHER]
//
// A call of a method SubscribePush is a stream of the bytes in EVENT; any other is answered with
// those in BODY. Prints its port. SIGUSR1 starts the events, each stream's as fast as they are
// taken; SIGUSR2 ends them and prints how many went out; SIGHUP sends a single one to all. GATHER:
// of so many messages of a stream all but the last are marked as those that may wait for the next.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <list>
#include <memory>
#include <string>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

namespace {

volatile std::sig_atomic_t sending, single, ended;

grpc::ByteBuffer load(const char *path)
{
    std::ifstream in(path, std::ios::binary);
    std::string text{ std::istreambuf_iterator<char>(in), {} };
    grpc::Slice slice(text);
    return grpc::ByteBuffer(&slice, 1);
}

class Call;

struct World {
    grpc::AsyncGenericService service;
    std::unique_ptr<grpc::ServerCompletionQueue> queue;
    grpc::ByteBuffer body, event;
    std::list<Call *> idle;             // streams that nothing is written to
    unsigned long sent = 0, singles = 0, gather = 1;
};

class Call {
public:
    explicit Call(World &w) : world(w), stream(&context)
    {
        world.service.RequestCall(&context, &stream, world.queue.get(), world.queue.get(), this);
    }

    // The operation that it waited for is done; false: it goes away.
    bool proceed(bool ok)
    {
        switch (state) {
        case State::wanted:
            if (!ok)
                return false;
            new Call(world);
            state = State::reading;
            stream.Read(&request, this);
            return true;
        case State::reading:
            if (!ok)
                return false;
            if (context.method().find("SubscribePush") != std::string::npos) {
                state = State::opening;
                stream.SendInitialMetadata(this);
            } else {
                state = State::ending;
                stream.WriteAndFinish(world.body, {}, grpc::Status::OK, this);
            }
            return true;
        case State::opening:
        case State::writing:
            if (!ok)
                return false;
            next();
            return true;
        default:
            return false;
        }
    }

    void write()
    {
        state = State::writing;
        told = world.singles;
        world.sent++;
        grpc::WriteOptions options;
        if (sending && ++written % world.gather != 0)
            options.set_buffer_hint();
        stream.Write(world.event, options, this);
    }

private:
    enum class State { wanted, reading, opening, writing, ending };

    void next()
    {
        if (sending || told != world.singles)
            write();
        else
            world.idle.push_back(this);
    }

    World &world;
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream;
    grpc::ByteBuffer request;
    State state = State::wanted;
    unsigned long told = world.singles;     // single events so far
    unsigned long written = 0;
};

void wake(World &w)
{
    if (ended) {
        ended = 0;
        std::printf("sent %lu\n", w.sent);
        std::fflush(stdout);
        w.sent = 0;
    }
    if (!sending && !single)
        return;
    w.singles += single;
    single = 0;
    std::list<Call *> all;
    all.swap(w.idle);
    for (Call *c : all)
        c->write();
}

void on_signal(int n)
{
    if (n == SIGHUP)
        single = 1;
    else
        sending = n == SIGUSR1;
    if (n == SIGUSR2)
        ended = 1;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        std::fprintf(stderr, "usage: grpc_peer BODY EVENT [GATHER]\n");
        return 2;
    }
    World w;
    int port = 0;
    w.body = load(argv[1]);
    w.event = load(argv[2]);
    w.gather = argc > 3 ? std::stoul(argv[3]) : 1;
    for (int n : { SIGUSR1, SIGUSR2, SIGHUP })
        std::signal(n, on_signal);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&w.service);
    w.queue = builder.AddCompletionQueue();
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server)
        return 1;
    for (int i = 0; i < 256; i++)           // calls that may begin before one of them is looked at
        new Call(w);
    std::printf("port %d\nready\n", port);
    std::fflush(stdout);
    for (;;) {
        void *tag;
        bool ok;
        auto soon = std::chrono::system_clock::now() + std::chrono::milliseconds(1);
        auto got = w.queue->AsyncNext(&tag, &ok, soon);
        if (got == grpc::CompletionQueue::SHUTDOWN)
            return 0;
        if (got == grpc::CompletionQueue::GOT_EVENT && !static_cast<Call *>(tag)->proceed(ok))
            delete static_cast<Call *>(tag);
        wake(w);
    }
}
