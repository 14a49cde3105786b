# setup.mk - installs what is missing on a bare Debian 12. `make run` and `make test` call it; when
# everything is there it costs one dpkg query.

APT_RUN  := gcc g++ make pkg-config python3 python3-protobuf protobuf-compiler libuv1-dev libmbedtls-dev \
            libsodium-dev nettle-dev liblz4-dev libcjson-dev libwslay-dev libexpat1-dev node-llhttp \
            libnghttp2-dev zlib1g-dev tzdata
APT_TEST := $(APT_RUN) check libsubunit-dev nodejs npm openssl mandoc binutils curl promtool \
            python3-grpcio gnome-keyring libsecret-1-0 dbus python3-dbus netcat-openbsd procps
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

setup-run: PKGS_WANTED = $(APT_RUN)
setup-test: PKGS_WANTED = $(APT_TEST)
setup-bench: PKGS_WANTED = $(APT_TEST) redis-server socat haproxy nginx-light wrk nghttp2-client \
             nghttp2-server libgrpc++-dev
setup-fuzz: PKGS_WANTED = $(APT_RUN) clang libclang-rt-14-dev
setup-run setup-test setup-bench setup-fuzz:
	@sh test/setup.sh "$(SUDO)" $(PKGS_WANTED)

.PHONY: setup-fuzz setup-run setup-test setup-bench
