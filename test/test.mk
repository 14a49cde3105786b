# test.mk - what `make test` runs, in order of cost.

# Built side by side, run one after the other: some tests look at the time.
test: setup-test
	$(MAKE) SAN=$(SAN) tests-built
	$(MAKE) -j1 SAN=$(SAN) check

check: schema lint unit fuzz-replay gen-test json-oracle integration examples sdk rest grpc mcp

# The tables and rules that a compiler does not check. lint_test.py plants faults to see them found.
LINT := $(PYTHON) -B test/lint
lint: $(B)/libfutu.so $(PROGRAMS)
	@$(LINT)/lint_test.py
	@$(LINT)/layers.py
	@$(LINT)/banned.py
	@$(LINT)/length.py
	@$(LINT)/text.py
	@$(LINT)/exports.py $(B)/libfutu.so libfutu/include/futu/*.h $(GEN)/futu/proto.h
	@$(LINT)/man.py $(B)/futu-opend $(B)/futucli

# Against the protocol tables, and against the official package's own files.
SDK_MODULES := test/sdk/node_modules/.package-lock.json
schema: $(SDK_MODULES)
	@$(PYTHON) test/schema/compare.py tables
	@$(PYTHON) test/schema/compare.py published $(CURDIR)/test/sdk/node_modules/futu-api/proto

unit: $(TESTS)
	@for t in $(TESTS); do $$t || exit 1; done

# The codec against Google's protobuf runtime.
$(B)/test/schema/codec_tool: $(B)/test/schema/codec_tool.o $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $^ $(LIBS)
gen-test:
	@$(PYTHON) test/schema/gen_test.py
json-oracle: $(B)/test/schema/codec_tool
	@$(PYTHON) test/schema/json_oracle.py $<

fuzz-replay: $(REPLAY)
	@for t in $(FUZZ); do $(B)/test/fuzz/$$t test/fuzz/corpus/$$t || exit 1; done

# AddressSanitizer keeps what is freed, up to 256 MB, which would pass for memory that a daemon holds.
integration sdk rest grpc mcp: export ASAN_OPTIONS ?= quarantine_size_mb=16

# The built programs from outside: bytes over loopback, and the command line.
INTEGRATION := $(patsubst %.c,$(B)/%,$(wildcard test/integration/*_test.c))
INTEGRATION_OBJ := $(patsubst %,$(B)/test/integration/%.o,chain opend oracle peer proxy proxy_child trader watcher ws) \
                   $(B)/test/unit/support.o
$(B)/test/integration/%.o: ALL += -Itest/unit
$(B)/test/integration/%_test: $(B)/test/integration/%_test.o $(INTEGRATION_OBJ) $(B)/libfutu.a
	$(CC) $(ALL) -o $@ $^ -lcheck -lsubunit -lrt $(LIBS)
GRPC_TESTS := $(filter $(B)/test/integration/grpc%,$(INTEGRATION))
$(GRPC_TESTS): $(B)/test/integration/h2.o
$(GRPC_TESTS): LIBS += -lnghttp2 -lz
integration: $(PROGRAMS) $(B)/futu-emulator $(INTEGRATION)
	@sh test/integration/run.sh $(B)

# The examples as they are built here; then, without a sanitizer, from an installed library as a user
# builds them.
examples: $(EXAMPLES) $(PROGRAMS)
	@sh test/integration/examples.sh $(B)/futu-opend $(B)/examples
	@if [ "$(SAN)" = none ]; then sh test/integration/install.sh; fi

# The vendor's JavaScript SDK, unmodified, against the daemon.
$(SDK_MODULES): test/sdk/package.json test/sdk/package-lock.json
	cd test/sdk && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
sdk: $(PROGRAMS) $(B)/futu-emulator $(SDK_MODULES)
	@sh test/sdk/run.sh $(B)

# REST, /ws and API keys from outside; the REST API as its own document tells it.
REST_MODULES := test/rest/node_modules/.package-lock.json
$(REST_MODULES): test/rest/package.json test/rest/package-lock.json
	cd test/rest && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
rest: $(PROGRAMS) $(REST_MODULES)
	@sh test/rest/run.sh $(B)

# gRPC with the client library of npm, and with Debian's for Python.
GRPC_MODULES := test/grpc/node_modules/.package-lock.json
$(GRPC_MODULES): test/grpc/package.json test/grpc/package-lock.json
	cd test/grpc && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
grpc: $(PROGRAMS) $(GRPC_MODULES) $(REST_MODULES)
	@sh test/grpc/run.sh $(B) $(PYTHON)

# MCP over HTTP and standard input with the official SDK.
MCP_MODULES := test/mcp/node_modules/.package-lock.json
$(MCP_MODULES): test/mcp/package.json test/mcp/package-lock.json
	cd test/mcp && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
mcp: $(PROGRAMS) $(MCP_MODULES) $(REST_MODULES)
	@sh test/mcp/run.sh $(B)

tests-built: all $(B)/futu-emulator $(TESTS) $(REPLAY) $(INTEGRATION) $(EXAMPLES) $(B)/test/schema/codec_tool

bench: setup-bench $(SDK_MODULES) $(MCP_MODULES)
	$(MAKE) SAN=$(SAN) $(B)/futu-opend $(B)/futucli $(patsubst %,$(B)/test/bench/%,bench blast grpc_peer hub_fanout keys)
	$(B)/test/bench/hub_fanout
	$(B)/test/bench/keys
	$(B)/test/bench/bench $(B)/futu-opend
	node test/bench/mcp.mjs $(B)

# libFuzzer builds of the library and of each target; FUZZ_SECONDS for each.
FUZZ_SECONDS ?= 60
fuzz: setup-fuzz
	sh test/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)

run: setup-run
	$(MAKE) all
	sh test/run.sh $(B)

.PHONY: tests-built examples gen-test json-oracle lint bench fuzz test check schema unit fuzz-replay run integration sdk rest grpc mcp
