# make            builds the library and the two programs into build/
# make run        sets up, builds, starts a paper gateway and shows moving quotes
# make test       sets up, builds and runs every test; SAN=asan or SAN=tsan under that sanitizer
# make bench      measures against redis, nginx, nghttpd, grpc C++, npm's ws and MCP SDK, socat and haproxy
# make fuzz       runs every fuzz target for FUZZ_SECONDS (60) each; needs clang
# make install    DESTDIR= PREFIX=/usr/local; make uninstall takes away what it put there

PREFIX ?= /usr/local
SAN    ?= none
B      := build/$(if $(filter none,$(SAN)),plain,$(SAN))
GEN    := build/gen
PYTHON ?= /usr/bin/python3
VERSION := $(shell sed -n 's/^\#define FUTU_VERSION "\(.*\)"/\1/p' libfutu/include/futu/base.h)

PKGS      := libuv mbedtls libsodium
SANFLAGS_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANFLAGS_tsan := -fsanitize=thread
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
          -Wwrite-strings -Wvla $(if $(CI),-Werror)
INC    := -Ilibfutu/include -I$(GEN) -Ilibfutu
ALL    := -std=c11 -D_GNU_SOURCE $(WARN) -fPIC -fvisibility=hidden -MMD -MP $(INC) \
          $(SANFLAGS_$(SAN)) $(or $(CFLAGS),-O2 -g)
LIBS   := -luv -lmbedtls -lmbedx509 -lmbedcrypto -lsodium -lnettle -llz4 -lcjson -lm -lpthread
OPEND_LIBS := -luv -lmbedtls -lmbedx509 -lmbedcrypto -lnghttp2 -lwslay -lexpat -lz
CLI_LIBS   := -lcjson
# The library stands beside the programs in the build tree, in ../lib once they are installed.
RPATH := -Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib'

default: all

include test/setup.mk

# Generated code: structs, descriptors, the registry, calendars. One stamp, since one run makes all.
PROTO  := $(wildcard proto/*.proto proto/grpc/*/*/*.proto) proto/protocols.tsv
GEN_PY := $(wildcard proto/gen/*.py)
GEN_STAMP := $(GEN)/stamp
GEN_SRC := $(GEN)/proto_desc.c $(GEN)/proto_doc.c $(GEN)/registry.c $(GEN)/grpc_desc.c
$(GEN_STAMP): $(PROTO) $(GEN_PY)
	@mkdir -p $(GEN)/futu
	$(PYTHON) proto/gen/main.py --proto proto --out $(GEN)
	@touch $@
$(GEN_SRC) $(GEN)/futu/proto.h: $(GEN_STAMP) ;
GEN_CALENDAR := libfutu/market/gen_calendar.py libfutu/market/data/calendars.tsv
$(GEN)/calendar_data.c: $(GEN_CALENDAR)
	@mkdir -p $(GEN)
	$(PYTHON) $< --tsv $(word 2,$^) --out $@
GEN_UNIVERSE := libfutu/upstream/paper/gen_universe.py $(wildcard libfutu/upstream/paper/data/*.tsv)
$(GEN)/universe_data.c: $(GEN_UNIVERSE)
	@mkdir -p $(GEN)
	$(PYTHON) $< --data libfutu/upstream/paper/data --out $@

LIB_SRC := $(wildcard libfutu/*/*.c libfutu/upstream/*/*.c)
DATA_SRC := $(GEN)/calendar_data.c $(GEN)/universe_data.c
# llhttp comes as C sources in Debian's node-llhttp.
LLHTTP_SRC := /usr/share/llhttp
LLHTTP_INC := -DLLHTTP_STRICT_MODE=1 -I/usr/share/include -I/usr/share/include/llhttp
LLHTTP_OBJ := $(patsubst %,$(B)/llhttp/%.o,api http llhttp)
LIB_OBJ := $(patsubst %.c,$(B)/%.o,$(LIB_SRC)) $(patsubst $(GEN)/%.c,$(B)/gen/%.o,$(GEN_SRC) $(DATA_SRC)) $(LLHTTP_OBJ)
# The programs have the names of their folders, so their objects are kept aside.
OPEND_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard futu-opend/*.c)) $(LLHTTP_OBJ)
CLI_OBJ   := $(patsubst %.c,$(B)/obj/%.o,$(wildcard futucli/*.c) futu-opend/toml.c)
PROGRAMS := $(B)/futu-opend $(B)/futucli
EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(wildcard examples/*.c)) \
            $(patsubst examples/%.cpp,$(B)/examples/%,$(wildcard examples/*.cpp))

all: $(B)/libfutu.so $(B)/libfutu.a $(B)/libfutu-uninstalled.pc $(PROGRAMS) links
# build/futu-opend and so on always name the last build.
links: $(PROGRAMS)
	@for p in futu-opend futucli libfutu.so; do ln -sfn $(notdir $(B))/$$p build/$$p; done

$(B)/libfutu.so.0: $(LIB_OBJ) libfutu/libfutu.map
	$(CC) $(ALL) -shared -Wl,-soname,$(@F),--version-script=libfutu/libfutu.map,-z,defs,-z,relro,-z,now \
	    -o $@ $(LIB_OBJ) $(LIBS)
$(B)/libfutu.so: $(B)/libfutu.so.0
	ln -sfn $(<F) $@
$(B)/libfutu.a: $(LIB_OBJ)
	rm -f $@ && $(AR) rcs $@ $^
# For programs that build against this tree: PKG_CONFIG_PATH=build/plain pkg-config libfutu-uninstalled
$(B)/libfutu-uninstalled.pc: libfutu/libfutu-uninstalled.pc.in Makefile
	@mkdir -p $(@D)
	sed -e 's|@TOP@|$(CURDIR)|g' -e 's|@BUILD@|$(CURDIR)/$(B)|g' -e 's|@VERSION@|$(VERSION)|' $< > $@
$(B)/futu-opend: $(OPEND_OBJ) $(B)/libfutu.so
	$(CC) $(ALL) -o $@ $(OPEND_OBJ) -L$(B) -lfutu $(RPATH) $(OPEND_LIBS)
$(B)/futucli: $(CLI_OBJ) $(B)/libfutu.so
	$(CC) $(ALL) -o $@ $(CLI_OBJ) -L$(B) -lfutu $(RPATH) $(CLI_LIBS)

$(B)/llhttp/%.o: $(LLHTTP_SRC)/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 -g -fPIC -fvisibility=hidden $(SANFLAGS_$(SAN)) $(LLHTTP_INC) -c -o $@ $<
$(B)/obj/futu-opend/%.o $(B)/libfutu/io/%.o $(B)/test/fuzz/fuzz_http_reply.o: ALL += $(LLHTTP_INC)
$(B)/obj/futucli/%.o: ALL += -I.
$(B)/obj/%.o: %.c Makefile | $(GEN_STAMP)
	@mkdir -p $(@D)
	$(CC) $(ALL) -c -o $@ $<

$(B)/gen/%.o: $(GEN)/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL) -c -o $@ $<
$(B)/%.o: %.c Makefile | $(GEN_STAMP)
	@mkdir -p $(@D)
	$(CC) $(ALL) -c -o $@ $<

# Unit tests mirror the tree and see the inside; they link the archive.
TESTS := $(patsubst %.c,$(B)/%,$(wildcard test/unit/*/*_test.c test/unit/*/*/*_test.c))
$(B)/test/unit/%.o: ALL += -Itest/unit
$(B)/test/unit/%_test: $(B)/test/unit/%_test.o $(B)/test/unit/support.o $(B)/test/unit/vectors.o $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $(filter %.o,$^) $(filter %/libfutu.a,$^) -lcheck -lsubunit -lrt $(LIBS) -lcjson
$(filter $(B)/test/unit/gateway/% $(B)/test/unit/surface/%,$(TESTS)): $(B)/test/unit/gateway/rig.o $(B)/test/unit/gateway/rails.o
$(filter $(B)/test/unit/api/%,$(TESTS)): $(B)/test/unit/api/host.o
$(filter $(B)/test/unit/client/%,$(TESTS)): $(B)/test/unit/gateway/rig.o $(B)/test/unit/client/world.o
$(filter $(B)/test/unit/upstream/relay/%,$(TESTS)): $(patsubst %,$(B)/test/unit/upstream/relay/%.o,peer gate bodies)
# The broker's side over HTTP, for tests of the login.
EMULATOR_WEB := $(patsubst %,$(B)/test/emulator/%.o,web cert) $(B)/obj/futu-opend/tls.o
EMU_CHANNEL := $(patsubst %,$(B)/test/emulator/%.o,channel channel_assets channel_lists channel_paper channel_quote channel_trade)
EMULATOR_AUTH := $(patsubst %,$(B)/test/emulator/%.o,auth auth_calls auth_ticket scenario)
$(B)/test/emulator/%.o $(B)/test/unit/upstream/broker/%.o: ALL += -I.
$(patsubst %,$(B)/test/unit/upstream/broker/%_test,flow flow_again flow_renew): $(B)/test/unit/upstream/broker/login_rig.o $(EMULATOR_AUTH)
$(B)/test/unit/upstream/broker/login_flow_test: $(EMULATOR_AUTH) $(EMULATOR_WEB) $(B)/test/emulator/auth_web.o
$(B)/test/unit/io/https_test.o: ALL += -I.
$(B)/test/unit/io/https_test: $(EMULATOR_WEB)
# The same as a program, for the tests of the built daemon and for users.
$(B)/futu-emulator: $(B)/test/emulator/main.o $(B)/test/emulator/auth_web.o $(EMULATOR_AUTH) $(EMULATOR_WEB) \
    $(EMU_CHANNEL) $(patsubst %,$(B)/test/emulator/%.o,channel_net channel_scene) $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $^ $(LIBS)
	@ln -sfn $(notdir $(B))/$(@F) build/$(@F)
BROKER_TESTS := $(filter $(B)/test/unit/upstream/broker/%,$(TESTS))
$(BROKER_TESTS): $(B)/test/unit/upstream/broker/rig.o $(EMU_CHANNEL)
$(B)/test/unit/upstream/broker/%.o: ALL += -Itest/emulator
# The daemon's parts without its main(); a test may bring a gateway of its own.
OPEND_PARTS := $(filter-out $(B)/obj/futu-opend/main.o,$(OPEND_OBJ))
OPEND_TESTS := $(filter $(B)/test/unit/opend/%,$(TESTS))
$(B)/libopend.a: $(OPEND_PARTS)
	rm -f $@ && $(AR) rcs $@ $^
OPEND_FUZZ := $(patsubst %,$(B)/test/fuzz/fuzz_%,grpc grpc_h2 http toml xml)
$(B)/test/unit/opend/%.o $(OPEND_FUZZ:=.o): ALL += -Ifutu-opend $(LLHTTP_INC)
$(OPEND_TESTS) $(OPEND_FUZZ): LIBS := $(B)/libopend.a $(B)/libfutu.a $(OPEND_LIBS) $(LIBS)
$(OPEND_TESTS): $(B)/libopend.a
$(B)/test/unit/opend/grpc_session_test: $(B)/test/unit/opend/fake_grpc.o
$(patsubst %,$(B)/test/unit/opend/%_test,http websocket): $(patsubst %,$(B)/test/unit/opend/%.o,fake_gateway line)
# Fuzz targets: by `make test` with a driver of ours that replays the corpus; by `make fuzz` with libFuzzer.
FUZZ := $(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/fuzz_*.c))
REPLAY := $(FUZZ:%=$(B)/test/fuzz/%)
$(B)/test/fuzz/fuzz_%: $(B)/test/fuzz/fuzz_%.o $(B)/test/fuzz/replay.o $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $(filter-out %/libopend.a,$^) $(LIBS)
$(OPEND_FUZZ): $(B)/libopend.a
$(B)/examples/%: examples/%.c $(B)/libfutu.so
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -MMD -MP -Ilibfutu/include -I$(GEN) $(SANFLAGS_$(SAN)) -O2 -g -o $@ $< \
	    -L$(B) -lfutu -Wl,-rpath,'$$ORIGIN/..'
$(B)/examples/%: examples/%.cpp $(B)/libfutu.so
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra $(if $(CI),-Werror) -MMD -MP -Ilibfutu/include -I$(GEN) $(SANFLAGS_$(SAN)) -O2 -g -o $@ $< \
	    -L$(B) -lfutu -Wl,-rpath,'$$ORIGIN/..'
BENCH_OBJ := $(patsubst %,$(B)/test/bench/%.o,bench server load protos hops relay relay_push rest fan ws h2 grpc grpc_stream)
$(B)/test/bench/bench: $(BENCH_OBJ) $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $^ $(LIBS)
$(B)/test/bench/hub_fanout $(B)/test/bench/keys: $(B)/test/bench/%: $(B)/test/bench/%.o $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $^ $(LIBS)

# The upstream of the relay's push throughput, a program of its own.
$(B)/test/bench/blast: $(patsubst %,$(B)/test/bench/%.o,blast blast_answer) $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $^ $(LIBS)

# The peer of gRPC.
$(B)/test/bench/grpc_peer: test/bench/grpc_peer.cpp
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra -MMD -MP -O2 -g $$(pkg-config --cflags grpc++) -o $@ $< $$(pkg-config --libs grpc++)

include test/test.mk

# The library under its full version, with the soname and the name for linking pointing at it.
DEST := $(DESTDIR)$(PREFIX)
DEPLOY := examples/deploy/ci.sh examples/deploy/futu-opend.env
install: all
	install -d $(DEST)/bin $(DEST)/lib/pkgconfig $(DEST)/include/futu $(DEST)/share/man/man1 $(DEST)/share/man/man7 \
	    $(DEST)/share/futu/proto $(DEST)/share/futu/deploy $(DEST)/lib/systemd/system
	install -m 644 libfutu/include/futu/*.h $(GEN)/futu/*.h $(DEST)/include/futu
	install -m 644 $(B)/libfutu.so.0 $(DEST)/lib/libfutu.so.$(VERSION)
	ln -sfn libfutu.so.$(VERSION) $(DEST)/lib/libfutu.so.0
	ln -sfn libfutu.so.0 $(DEST)/lib/libfutu.so
	install -m 644 $(B)/libfutu.a $(DEST)/lib
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' libfutu/libfutu.pc.in \
	    > $(DEST)/lib/pkgconfig/libfutu.pc
	install -m 755 $(PROGRAMS) $(DEST)/bin
	install -m 644 proto/*.proto $(GEN)/futu_v1.proto $(DEST)/share/futu/proto
	cp -r proto/grpc $(DEST)/share/futu/proto
	install -m 644 man/*.1 $(DEST)/share/man/man1
	install -m 644 man/*.7 $(DEST)/share/man/man7
	install -m 644 $(DEPLOY) $(DEST)/share/futu/deploy
	sed 's|/usr/local/|$(PREFIX)/|' examples/deploy/futu-opend.service > $(DEST)/lib/systemd/system/futu-opend.service

# What `make install` of this version has put there, and the folders that are its own.
uninstall:
	rm -f $(PROGRAMS:$(B)/%=$(DEST)/bin/%) $(DEST)/lib/libfutu.* $(DEST)/lib/pkgconfig/libfutu.pc \
	    $(patsubst man/%.1,$(DEST)/share/man/man1/%.1,$(wildcard man/*.1)) \
	    $(patsubst man/%.7,$(DEST)/share/man/man7/%.7,$(wildcard man/*.7)) \
	    $(DEST)/lib/systemd/system/futu-opend.service
	rm -rf $(DEST)/include/futu $(DEST)/share/futu

clean:
	rm -rf build

.PHONY: default all links install uninstall clean
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
