# libckpt: needs git, make, gcc and Go. "make help" lists the targets.

VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
UNITDIR ?= $(PREFIX)/lib/systemd/system

CC := gcc
CXX := g++
GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GO_TEST_TIMEOUT ?= 15m
CKPT_SOAK_SECONDS ?= 60
SEEDS ?= 20000
SOAK_TIMEOUT := 90m

B := build
WARN := -Wall -Wextra -Wpedantic -Werror
CFLAGS_C11 := -std=c11 -D_GNU_SOURCE $(WARN)
CFLAGS_OPT := -O2 -g
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1

# The front: what an application is linked with. Of the segment only the reader's files.
FRONT_SRC := $(wildcard capi/front/*.c capi/front/*/*.c) internal/segment/segment.c internal/segment/cutoff.c
FRONT_HDR := $(wildcard capi/*.h capi/front/*.h capi/front/*/*.h internal/segment/*.h include/*.h include/*/*.h)
FRONT_MAP := capi/front/libckpt.map
FRONT_CFLAGS := $(CFLAGS_C11) -fPIC -fvisibility=hidden -pthread -Iinclude -Icapi -Icapi/front -Iinternal/segment \
	-DCL_CKPT_SDK=60
FRONT_LDFLAGS := -shared -pthread -Wl,--version-script=$(FRONT_MAP) -Wl,-Bsymbolic -Wl,-z,defs -Wl,-z,relro -Wl,-z,now

GO_SRC := go.mod go.sum VERSION $(shell find agent capi cmd director internal nodedirector \
	\( -name '*.go' -o -name '*.[ch]' \) ! -name '*_test.go' 2>/dev/null)
GO_LDFLAGS := -X libckpt/internal/release.Version=$(VERSION)
# The runtime's preemption signal would interrupt the application's own system calls; its look at the cgroup's processor
# limit keeps two descriptors open. -Bsymbolic and the version script: an application's functions must not take the place of
# the engine's own that happen to have the same names, nor the other way round; a program may have an SQLite of its own.
ENGINE_LDFLAGS := $(GO_LDFLAGS) -X runtime.godebugDefault=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0 \
	-extldflags=-Wl,-Bsymbolic,--version-script=$(CURDIR)/capi/engine.map

LIBS := $(B)/lib/libckpt.so.1 $(B)/lib/libckpt.so $(B)/lib/libSaCkpt.so.1 $(B)/lib/libSaCkpt.so $(B)/lib/libClCkpt.so \
	$(B)/lib/libckpt-engine.so
BINS := $(B)/bin/ckpt $(B)/bin/ckptd $(B)/bin/ckptnd

EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(wildcard examples/*.c))
HARNESS_SRC := $(wildcard tests/harness/*.c)
CONFORMANCE_SRC := $(wildcard tests/conformance/*.c) $(HARNESS_SRC)
CONFORMANCE_HDR := $(wildcard tests/conformance/*.h tests/harness/*.h include/*.h include/*/*.h)
CONFORMANCE_INC := -Iinclude -Itests/harness -Itests/conformance
CLOVIS_SRC := $(wildcard tests/clovis/*.c) $(HARNESS_SRC)
CLOVIS_HDR := $(wildcard tests/clovis/*.h tests/harness/*.h include/*.h include/*/*.h)
CLOVIS_INC := -Iinclude -Itests/harness -Itests/clovis
PROCESS_C := $(patsubst tests/process/testdata/%.c,$(B)/tests/process/%,$(wildcard tests/process/testdata/*.c))
PROCESS_CXX := $(patsubst tests/process/testdata/%.cc,$(B)/tests/process/%,$(wildcard tests/process/testdata/*.cc))
SERVICE_C := $(patsubst tests/service/testdata/%.c,$(B)/tests/service/%,$(wildcard tests/service/testdata/*.c))
SCALE_C := $(patsubst tests/scale/testdata/%.c,$(B)/tests/scale/%,$(wildcard tests/scale/testdata/*.c))
DATASET_FLAVOURS := doc sdk60
DATASET_PROGRAMS := calls driver durable killed snapshot
DATASET_C := $(foreach f,$(DATASET_FLAVOURS),$(addprefix $(B)/tests/dataset/$f/,$(DATASET_PROGRAMS))) $(B)/tests/dataset/own_sqlite
ifeq ($(shell command -v $(CXX)),)
PROCESS_CXX :=
endif
TESTS := $(B)/tests/conformance $(B)/tests/clovis $(B)/tests/clovis-sdk $(if $(wildcard tests/bench/bench.c),$(B)/tests/bench) \
	$(PROCESS_C) $(PROCESS_CXX) $(SERVICE_C) $(SCALE_C) $(DATASET_C) $(B)/tests/bench-dataset $(B)/tests/nats-server \
	$(B)/tests/cluster/client $(B)/tests/cluster/measure $(B)/tests/cluster/large
ASAN := $(B)/asan/lib/libckpt.so.1 $(B)/asan/lib/libckpt.so $(B)/asan/conformance $(B)/asan/clovis $(B)/asan/clovis-sdk \
	$(addprefix $(B)/asan/dataset/,$(addsuffix /calls,$(DATASET_FLAVOURS)))

HEADERS := saAis.h saAis_B_5_14.h saCkpt.h saCkpt_B_02_03.h openais/saAis.h openais/saCkpt.h opensaf/cpsv_papi.h \
	clCommon.h clCommonErrors.h clCkptApi.h clCkptExtApi.h clCkptErrors.h clCkptIpi.h clHeapApi.h \
	clIocApi.h clOsalApi.h clCntApi.h clEoApi.h clLogApi.h

.DELETE_ON_ERROR:
.PHONY: all lib bin examples tests asan arm64 test check conformance bench bench-cluster soak demo install uninstall clean help

all: lib bin examples tests ## build everything under build/ (the default)

lib: $(LIBS) ## libraries only: build/lib
bin: $(BINS) ## daemons and command only: build/bin
examples: $(EXAMPLES) ## example programs only: build/examples
tests: $(TESTS) ## test programs: build/tests

# --- libraries -------------------------------------------------------------------------------------------------

$(B)/lib/%.so.1: $(FRONT_SRC) $(FRONT_HDR) $(FRONT_MAP)
	@mkdir -p $(@D)
	$(CC) $(FRONT_CFLAGS) $(CFLAGS_OPT) $(FRONT_SRC) -o $@ $(FRONT_LDFLAGS) -Wl,-soname,$*.so.1 -ldl

# OpenClovis gave its library no version.
$(B)/lib/libClCkpt.so: $(FRONT_SRC) $(FRONT_HDR) $(FRONT_MAP)
	@mkdir -p $(@D)
	$(CC) $(FRONT_CFLAGS) $(CFLAGS_OPT) $(FRONT_SRC) -o $@ $(FRONT_LDFLAGS) -Wl,-soname,$(@F) -ldl

$(B)/lib/%.so: $(B)/lib/%.so.1
	ln -sf $(<F) $@

# Go writes a header beside the library; capi/engine.h is the contract, so it goes away.
$(B)/lib/libckpt-engine.so: $(GO_SRC) capi/engine.map
	@mkdir -p $(@D)
	$(GO) build -buildmode=c-shared -trimpath -ldflags='$(ENGINE_LDFLAGS)' -o $@ ./capi
	@rm -f $(B)/lib/libckpt-engine.h

# --- daemons and command ---------------------------------------------------------------------------------------

$(B)/bin/%: $(GO_SRC)
	@mkdir -p $(@D)
	$(GO) build -trimpath -ldflags='$(GO_LDFLAGS)' -o $@ ./cmd/$*

# --- examples and test programs --------------------------------------------------------------------------------

$(B)/examples/%: examples/%.c $(wildcard examples/*.h include/*.h include/*/*.h) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude $< -o $@ -L$(B)/lib -lckpt

$(B)/tests/conformance: $(CONFORMANCE_SRC) $(CONFORMANCE_HDR) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread $(CONFORMANCE_INC) $(CONFORMANCE_SRC) -o $@ -L$(B)/lib -lckpt

# The same files for the two flavours of the OpenClovis headers.
$(B)/tests/clovis: $(CLOVIS_SRC) $(CLOVIS_HDR) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread $(CLOVIS_INC) $(CLOVIS_SRC) -o $@ -L$(B)/lib -lckpt

$(B)/tests/clovis-sdk: $(CLOVIS_SRC) $(CLOVIS_HDR) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -DCL_CKPT_SDK=60 $(CLOVIS_INC) $(CLOVIS_SRC) -o $@ -L$(B)/lib -lckpt

$(B)/tests/bench: $(wildcard tests/bench/*.c tests/bench/*.h include/*.h) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude -DBENCH_CLCKPT $(wildcard tests/bench/*.c) -o $@ -L$(B)/lib -lckpt

$(B)/tests/process/%: tests/process/testdata/%.c $(wildcard tests/process/testdata/*.h include/*.h include/*/*.h) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude $< -o $@ -L$(B)/lib -lckpt -ldl

$(B)/tests/process/%: tests/process/testdata/%.cc $(wildcard tests/process/testdata/*.h include/*.h include/*/*.h) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -D_GNU_SOURCE $(WARN) $(CFLAGS_OPT) -pthread -Iinclude $< -o $@ -L$(B)/lib -lckpt -ldl

$(B)/tests/service/%: tests/service/testdata/%.c $(wildcard tests/service/testdata/*.h include/*.h include/*/*.h) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude $< -o $@ -L$(B)/lib -lckpt

$(B)/tests/scale/%: tests/scale/testdata/%.c $(wildcard tests/scale/testdata/*.h include/*.h include/*/*.h) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude $< -o $@ -L$(B)/lib -lckpt

# Programs of the library-based functions, in both source flavours.
DATASET_DIR := tests/dataset/testdata
DATASET_HDR := $(wildcard $(DATASET_DIR)/*.h $(DATASET_DIR)/calls/*.h include/*.h)
DATASET_CALLS := $(wildcard $(DATASET_DIR)/calls/*.c)
DATASET_CC = $(CC) $(CFLAGS_C11) -pthread -Iinclude $(if $(findstring /sdk60/,$@),-DCL_CKPT_SDK=60)

$(addprefix $(B)/tests/dataset/,$(addsuffix /calls,$(DATASET_FLAVOURS))): $(DATASET_CALLS) $(DATASET_DIR)/record.c $(DATASET_HDR) \
		$(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(DATASET_CC) $(CFLAGS_OPT) $(DATASET_CALLS) $(DATASET_DIR)/record.c -o $@ -L$(B)/lib -lckpt

$(foreach f,$(DATASET_FLAVOURS),$(addprefix $(B)/tests/dataset/$f/,$(filter-out calls,$(DATASET_PROGRAMS)))): \
		$(DATASET_DIR)/record.c $(wildcard $(DATASET_DIR)/*.c) $(DATASET_HDR) $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(DATASET_CC) $(CFLAGS_OPT) -rdynamic $(DATASET_DIR)/$(@F).c $(DATASET_DIR)/record.c -o $@ -L$(B)/lib -lckpt

# An SQLite that is not the engine's, from the same source with another version string.
SQLITE_MODULE := github.com/mattn/go-sqlite3
SQLITE_DIR := $(B)/tests/sqlite

$(SQLITE_DIR)/sqlite3.o: go.mod go.sum
	@mkdir -p $(@D)
	dir=$$($(GO) list -m -f '{{.Dir}}' $(SQLITE_MODULE)) && flags=$$($(GO) list -f '{{join .CgoCFLAGS " "}}' $(SQLITE_MODULE)) && \
	for f in c h; do sed '/^#define SQLITE_VERSION /s/"$$/-own"/' $$dir/sqlite3-binding.$$f >$(@D)/sqlite3.$$f || exit 1; done && \
	$(CC) $$flags $(CFLAGS_OPT) -fPIC -c $(@D)/sqlite3.c -o $@

$(SQLITE_DIR)/libsqlite3.so: $(SQLITE_DIR)/sqlite3.o
	$(CC) -shared -Wl,-soname,libsqlite3.so -pthread $< -o $@ -lm -ldl

$(B)/tests/dataset/own_sqlite: $(DATASET_DIR)/own_sqlite.c $(DATASET_DIR)/record.c $(DATASET_HDR) $(SQLITE_DIR)/libsqlite3.so \
		$(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude -isystem $(SQLITE_DIR) $(DATASET_DIR)/own_sqlite.c $(DATASET_DIR)/record.c \
		-o $@ -L$(B)/lib -lckpt -L$(SQLITE_DIR) -lsqlite3

$(B)/tests/bench-dataset: $(wildcard tests/bench/dataset/*.c tests/bench/dataset/*.h include/*.h) $(SQLITE_DIR)/sqlite3.o $(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude -isystem $(SQLITE_DIR) $(wildcard tests/bench/dataset/*.c) $(SQLITE_DIR)/sqlite3.o \
		-o $@ -L$(B)/lib -lckpt -lm

$(B)/tests/nats-server: go.mod go.sum
	@mkdir -p $(@D)
	$(GO) build -trimpath -o $@ github.com/nats-io/nats-server/v2

$(B)/tests/cluster/measure $(B)/tests/cluster/large: $(B)/tests/cluster/%: tests/bench/cluster/%.c $(wildcard include/*.h) \
		$(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -Iinclude $< -o $@ -L$(B)/lib -lckpt

$(B)/tests/cluster/client: $(wildcard tests/cluster/testdata/*.c tests/cluster/testdata/*.h include/*.h include/*/*.h) \
		$(B)/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(CFLAGS_OPT) -pthread -Iinclude $(wildcard tests/cluster/testdata/*.c) -o $@ -L$(B)/lib -lckpt

# --- the same with AddressSanitizer and UndefinedBehaviorSanitizer -----------------------------------------------

asan: $(ASAN) $(B)/lib/libckpt-engine.so ## front and C tests with ASan and UBSan: build/asan

$(B)/asan/lib/libckpt.so.1: $(FRONT_SRC) $(FRONT_HDR) $(FRONT_MAP)
	@mkdir -p $(@D)
	$(CC) $(FRONT_CFLAGS) $(SANITIZE) $(FRONT_SRC) -o $@ -shared -pthread -Wl,--version-script=$(FRONT_MAP) \
		-Wl,-Bsymbolic -Wl,-soname,libckpt.so.1 -ldl

$(B)/asan/lib/libckpt.so: $(B)/asan/lib/libckpt.so.1
	ln -sf $(<F) $@

$(B)/asan/conformance: $(CONFORMANCE_SRC) $(CONFORMANCE_HDR) $(B)/asan/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(SANITIZE) -pthread $(CONFORMANCE_INC) $(CONFORMANCE_SRC) -o $@ -L$(B)/asan/lib -lckpt

$(B)/asan/clovis: $(CLOVIS_SRC) $(CLOVIS_HDR) $(B)/asan/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(SANITIZE) -pthread $(CLOVIS_INC) $(CLOVIS_SRC) -o $@ -L$(B)/asan/lib -lckpt

$(B)/asan/clovis-sdk: $(CLOVIS_SRC) $(CLOVIS_HDR) $(B)/asan/lib/libckpt.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_C11) $(SANITIZE) -pthread -DCL_CKPT_SDK=60 $(CLOVIS_INC) $(CLOVIS_SRC) -o $@ -L$(B)/asan/lib -lckpt

$(addprefix $(B)/asan/dataset/,$(addsuffix /calls,$(DATASET_FLAVOURS))): $(DATASET_CALLS) $(DATASET_DIR)/record.c $(DATASET_HDR) \
		$(B)/asan/lib/libckpt.so
	@mkdir -p $(@D)
	$(DATASET_CC) $(SANITIZE) $(DATASET_CALLS) $(DATASET_DIR)/record.c -o $@ -L$(B)/asan/lib -lckpt

# --- another processor -----------------------------------------------------------------------------------------

ARM64_CC := aarch64-linux-gnu-gcc
ARM64_GO := CGO_ENABLED=1 GOARCH=arm64 CC=$(ARM64_CC) $(GO) build -trimpath

arm64: ## all of it cross-compiled for arm64: build/arm64
	@if ! command -v $(ARM64_CC) >/dev/null; then \
		echo "note: $(ARM64_CC) is missing (apt-get install gcc-aarch64-linux-gnu): nothing is built for arm64"; \
	else set -e -x; mkdir -p $(B)/arm64; \
		$(ARM64_CC) $(FRONT_CFLAGS) $(CFLAGS_OPT) $(FRONT_SRC) -o $(B)/arm64/libckpt.so.1 $(FRONT_LDFLAGS) \
			-Wl,-soname,libckpt.so.1 -ldl; \
		$(ARM64_GO) -buildmode=c-shared -ldflags='$(ENGINE_LDFLAGS)' -o $(B)/arm64/libckpt-engine.so ./capi; \
		rm -f $(B)/arm64/libckpt-engine.h; \
		$(ARM64_GO) -ldflags='$(GO_LDFLAGS)' -o $(B)/arm64/ ./cmd/...; \
	fi

# --- running ---------------------------------------------------------------------------------------------------

test: all check asan arm64 ## everything CI runs: vet, gofmt, staticcheck, Go tests with -race, C tests, sanitizers
	@command -v $(CXX) >/dev/null || echo "note: $(CXX) is missing (apt-get install g++): the C++ tests are left out"
	$(GO) test -race -timeout $(GO_TEST_TIMEOUT) -json ./... | $(GO) run ./tests/report
	$(GO) test -timeout $(GO_TEST_TIMEOUT) -json ./tests/simulation | $(GO) run ./tests/report
	CKPT_ENGINE=$(CURDIR)/$(B)/lib/libckpt-engine.so \
		$(CONFORMANCE) $(B)/asan/conformance $(B)/asan/lib $(B)/asan/conformance.md brief
	CKPT_ENGINE=$(CURDIR)/$(B)/lib/libckpt-engine.so \
		$(CONFORMANCE) $(B)/asan/clovis $(B)/asan/lib $(B)/asan/clovis.md brief

check: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l agent capi cmd director examples internal nodedirector tests); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	@if $(GO) run $(STATICCHECK) -version >/dev/null 2>&1; then \
		echo $(GO) run $(STATICCHECK) ./...; $(GO) run $(STATICCHECK) ./...; \
	else echo "note: staticcheck can't be had here: left out"; fi

CONFORMANCE := tests/testcluster/conformance.sh

conformance: all ## each statement about both APIs, tested through C; reports in build/conformance.md, build/clovis.md
	$(CONFORMANCE) $(B)/tests/conformance $(B)/lib $(B)/conformance.md
	$(CONFORMANCE) $(B)/tests/clovis $(B)/lib $(B)/clovis.md

bench: all ## measure; CSV on stdout
	tests/testcluster/with-service.sh $(B)/tests/bench
	LD_LIBRARY_PATH=$(B)/lib $(B)/tests/bench-dataset

bench-cluster: all ## measure three hosts (network namespaces, needs root); CSV in build/bench-cluster.csv
	$(GO) test -run '^$$' -bench Cluster -benchtime 1x -timeout 30m ./tests/cluster
	cat $(B)/bench-cluster.csv

FUZZ := $(GO) test -run '^$$' -fuzztime $(CKPT_SOAK_SECONDS)s -fuzzminimizetime 5x -fuzz

soak: all ## the long tests: full counts, CKPT_SOAK_SECONDS (60) for each test that runs for a time, SEEDS (20000) simulated clusters
	CKPT_SOAK=1 CKPT_SIMULATION_SEEDS=$(SEEDS) CKPT_SOAK_SECONDS=$(CKPT_SOAK_SECONDS) $(GO) test -count=1 -timeout $(SOAK_TIMEOUT) ./...
	$(FUZZ) FuzzSegment ./internal/segment
	$(FUZZ) FuzzValue ./internal/wire
	$(FUZZ) FuzzParse ./nodedirector
	$(FUZZ) FuzzFrame ./nodedirector/replication
	$(FUZZ) FuzzMessages ./nodedirector/carrier

demo: lib bin examples ## a standby takes over from a killed active process, with what happens printed
	examples/demo.sh

# --- installing ------------------------------------------------------------------------------------------------

PC = printf 'prefix=%s\nexec_prefix=$${prefix}\nlibdir=%s\nincludedir=%s\n\nName: %s\nDescription: %s\nVersion: %s\nRequires:\nLibs: -L$${libdir} -l%s\nCflags: -I$${includedir}\n' \
	'$(PREFIX)' '$(LIBDIR)' '$(INCLUDEDIR)'

install: lib bin ## install under PREFIX (/usr/local), below DESTDIR if given
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(UNITDIR) \
		$(addprefix $(DESTDIR)$(INCLUDEDIR)/,. openais opensaf)
	install -m 755 $(filter %.so.1 %/libClCkpt.so %engine.so,$(LIBS)) $(DESTDIR)$(LIBDIR)
	ln -sf libckpt.so.1 $(DESTDIR)$(LIBDIR)/libckpt.so
	ln -sf libSaCkpt.so.1 $(DESTDIR)$(LIBDIR)/libSaCkpt.so
	for h in $(HEADERS); do install -m 644 include/$$h $(DESTDIR)$(INCLUDEDIR)/$$h || exit 1; done
	$(PC) ckpt 'Checkpoint service for highly available applications' $(VERSION) ckpt >$(DESTDIR)$(LIBDIR)/pkgconfig/ckpt.pc
	$(PC) 'OpenSAF CKPT' 'SA Forum AIS Checkpoint Service (libckpt)' 5.18.06 SaCkpt \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/opensaf-ckpt.pc
	$(PC) 'OpenClovis CKPT' 'OpenClovis Checkpoint Service (libckpt)' $(VERSION) ClCkpt \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/openclovis-ckpt.pc
	install -m 755 $(B)/bin/ckpt $(DESTDIR)$(BINDIR)
	install -m 755 $(B)/bin/ckptd $(B)/bin/ckptnd $(DESTDIR)$(SBINDIR)
	sed 's|@BINDIR@|$(BINDIR)|' cmd/ckpt/ckpt.service >$(DESTDIR)$(UNITDIR)/ckpt.service

uninstall: ## remove what install has put there
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libckpt.so.1 libckpt.so libSaCkpt.so.1 libSaCkpt.so libClCkpt.so libckpt-engine.so \
		pkgconfig/ckpt.pc pkgconfig/opensaf-ckpt.pc pkgconfig/openclovis-ckpt.pc)
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(HEADERS)) $(DESTDIR)$(BINDIR)/ckpt \
		$(DESTDIR)$(SBINDIR)/ckptd $(DESTDIR)$(SBINDIR)/ckptnd $(DESTDIR)$(UNITDIR)/ckpt.service
	-rmdir $(DESTDIR)$(INCLUDEDIR)/openais $(DESTDIR)$(INCLUDEDIR)/opensaf

clean: ## remove build/
	rm -rf $(B)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.* ## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "%-12s %s\n", $$1, $$2 }'
