# SPDX-License-Identifier: Apache-2.0
#
# GNU make. 'make help' lists the targets, HACKING.md explains them.
#
# No source file is named here: what becomes of a file follows from the folder that it lies in.
#
#   policy/*.c, policy/yaml/*.c	the pure core		libnsxattr-policy.a
#   supervisor/FOLDER/*.c		the supervisor's parts	libnsxattr.a
#   supervisor/FOLDER/*.bpf.c		programs for the kernel	gen/*.skel.h, which has them as bytes; *.bpf.h is part of them
#   supervisor/NAME.c			a program		NAME
#   tests/{unit,kernel,live}/NAME.c	Criterion tests		tests/GROUP/NAME
#   tests/live/NAME-driver.c		what tests start	tests/live/NAME-driver, and one of them
#								for 32 bits, NAME-driver-32
#   tests/lib/*.c			part of each Criterion test
#   tests/lib/harness/NAME.c		what tests/run must catch	tests/harness/NAME
#   tests/fuzz/NAME.c			a libFuzzer target	fuzz/NAME, and without libFuzzer
#								tests/fuzz/NAME
#   tests/bench/NAME.c			a benchmark		bench/NAME
#   tests/bench/FOLDER/*.c		part of them, as needed
#
# The third column lies in $(BUILD). All paths are relative, so the clone may lie anywhere.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
LDFLAGS ?=
PKG_CONFIG ?= pkg-config
FUZZ_SECONDS ?= 60
ifneq ($(filter default undefined,$(origin CC)),)
CC = $(if $(CROSS),clang,gcc)
endif
AR ?= ar

# ---- another machine: CROSS=aarch64-linux-gnu ----

# The packages of the other machine are unpacked below build/cache. Its gcc and Debian's gcc-multilib exclude each
# other; clang is for all machines. A kernel for arm64 runs what was built for it.
ifneq ($(and $(filter %-arm64,$(KERNEL)),$(filter-out aarch64,$(shell uname -m))),)
CROSS := aarch64-linux-gnu
endif
ifdef CROSS
BUILD := $(patsubst build,build/$(CROSS),$(BUILD))
AR := $(CROSS)-ar
SYSROOT := $(shell tests/lib/sysroot $(CROSS:aarch64-linux-gnu=arm64) libc6-dev libgcc-12-dev \
	libyaml-dev libjson-c-dev libseccomp-dev libcap-dev liburing-dev libssl-dev libbpf-dev libcriterion-dev libfuse3-dev)
ifeq ($(SYSROOT),)
$(error there are no packages for $(CROSS): 'make deps-cross' installs what unpacks them)
endif
# A make that make has called has it already.
ifeq ($(filter --sysroot=%,$(CC)),)
override CC := $(CC) --target=$(CROSS) --sysroot=$(SYSROOT)
endif
export PKG_CONFIG_SYSROOT_DIR := $(SYSROOT)
export PKG_CONFIG_LIBDIR := $(SYSROOT)/usr/lib/$(CROSS)/pkgconfig:$(SYSROOT)/usr/share/pkgconfig
# Root file systems are for every build.
$(shell mkdir -p $(BUILD) && ln -sfn $(CURDIR)/build/cache $(BUILD)/cache)
endif

# ---- what is where ----

POLICY_SOURCES := $(wildcard policy/*.c policy/*/*.c)
BPF_SOURCES := $(wildcard supervisor/*/*.bpf.c)
BPF_HEADERS := $(wildcard supervisor/*/*.bpf.h)
# The gate's programs are compiled by clang, as a header that bpftool makes, and are loaded by libbpf. Without these, there is
# no gate, and gate_absent.c stands for it, which says so when one is needed.
BPF_CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool) $(wildcard /usr/sbin/bpftool))
GATE := $(and $(shell command -v $(BPF_CLANG)),$(BPFTOOL),$(shell $(PKG_CONFIG) --silence-errors --modversion libbpf))
SKELETONS := $(if $(GATE),$(patsubst %.bpf.c,$(BUILD)/gen/%.skel.h,$(notdir $(BPF_SOURCES))))
GATE_ABSENT := supervisor/integrity/gate_absent.c
GATE_SOURCES := $(filter-out $(BPF_SOURCES) $(GATE_ABSENT),$(wildcard supervisor/integrity/gate.c supervisor/integrity/gate_*.c))
SUPERVISOR_SOURCES := $(filter-out $(BPF_SOURCES) $(if $(GATE),$(GATE_ABSENT),$(GATE_SOURCES)), \
	$(wildcard supervisor/*/*.c))
PROGRAM_SOURCES := $(wildcard supervisor/*.c)
TESTLIB_SOURCES := $(wildcard tests/lib/*.c)
DRIVER_SOURCES := $(wildcard tests/live/*-driver.c)
TEST_SOURCES := $(filter-out $(DRIVER_SOURCES),$(wildcard $(addsuffix /*.c,tests/unit tests/kernel tests/live)))
HARNESS_SOURCES := $(wildcard tests/lib/harness/*.c)
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
# One of them is a file system, if there is libfuse.
BENCH_SOURCES := $(filter-out $(if $(shell $(PKG_CONFIG) --silence-errors --modversion fuse3),, \
	tests/bench/slowfs.c),$(wildcard tests/bench/*.c))
BENCHLIB_SOURCES := $(wildcard tests/bench/*/*.c)
SOURCES := $(POLICY_SOURCES) $(SUPERVISOR_SOURCES) $(PROGRAM_SOURCES) $(TESTLIB_SOURCES) \
	$(DRIVER_SOURCES) $(TEST_SOURCES) $(HARNESS_SOURCES) $(FUZZ_SOURCES) \
	$(wildcard tests/fuzz/lib/*.c) $(BENCH_SOURCES) $(BENCHLIB_SOURCES)
HEADERS := $(filter-out $(BPF_HEADERS), \
	$(wildcard include/*.h policy/*.h policy/*/*.h supervisor/*.h supervisor/*/*.h tests/*/*.h tests/bench/*/*.h))
# With what another build has, or the kernel.
ALL_C := $(sort $(SOURCES) $(GATE_ABSENT) $(GATE_SOURCES) $(BPF_SOURCES) $(HEADERS) $(BPF_HEADERS))

objects = $(1:%.c=$(BUILD)/obj/%.o)

POLICY := $(BUILD)/libnsxattr-policy.a
SUPERVISOR := $(BUILD)/libnsxattr.a
TESTLIB := $(BUILD)/libnsxattr-tests.a
BENCHLIB := $(BUILD)/libnsxattr-bench.a
PROGRAMS := $(PROGRAM_SOURCES:supervisor/%.c=$(BUILD)/%)
DRIVERS := $(DRIVER_SOURCES:%.c=$(BUILD)/%)
DRIVER_32 := $(BUILD)/tests/live/differential-driver-32
TESTS := $(TEST_SOURCES:%.c=$(BUILD)/%)
# They test tests/run, which is the same in every build.
HARNESS := $(if $(SANITIZE)$(COVERAGE)$(CROSS),,$(HARNESS_SOURCES:tests/lib/%.c=$(BUILD)/tests/%))
REPLAYS := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
BENCHES := $(BENCH_SOURCES:tests/%.c=$(BUILD)/%)

# What compiles for 32 bits what the same kernel runs.
CC_32 ?= $(if $(CROSS),clang --target=arm-linux-gnueabihf,$(if $(filter aarch64%,$(shell $(CC) -dumpmachine)), \
	arm-linux-gnueabihf-gcc,$(CC) -m32))

# ---- flags ----

INCLUDES := -Iinclude -Isupervisor -Ipolicy $(if $(GATE),-isystem $(BUILD)/gen)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wswitch-enum \
	-Wformat=2 -Wundef -Wconversion -Werror=implicit-function-declaration $(if $(WERROR),-Werror)

# Is an option known to the compiler? Machines differ in how jumps are protected, clang before 16 wants a second word
# with the zeros, and glibc warns of a level of _FORTIFY_SOURCE that it has not with this compiler.
accepted = $(shell $(CC) -Werror $1 -x c -c -o /dev/null /dev/null 2>/dev/null && echo $1)
zeroed := -ftrivial-auto-var-init=zero
zeroed_before_16 := $(zeroed) -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
fortified = $(shell printf '\043include <stdio.h>\n' | $(CC) -O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -x c -c \
	-o /dev/null - 2>/dev/null && echo 3 || echo 2)
# The zeros are written by a loop: gcc's own choice, a string instruction, takes longer to begin than to write.
comma := ,
zeroing_loop := -mmemset-strategy=vector_loop:2048:noalign$(comma)libcall:-1:noalign
HARDENING = -fPIE -fstack-protector-strong $(call accepted,-fstack-clash-protection) \
	$(call accepted,-fcf-protection) $(call accepted,-mbranch-protection=standard) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(fortified) \
	$(or $(call accepted,$(zeroed)),$(call accepted,$(zeroed_before_16))) \
	$(call accepted,$(zeroing_loop))
INSTRUMENTATION := -fPIE

ifdef SANITIZE
# gcc sees uninitialized variables that are none when the checks are between them.
INSTRUMENTATION += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer \
	$(call accepted,-Wno-maybe-uninitialized) -DNSXATTR_INSTRUMENTED
CFLAGS := -O1 -g
HARDENING :=
endif
ifdef COVERAGE
INSTRUMENTATION += --coverage -fprofile-update=atomic -DNSXATTR_INSTRUMENTED
CFLAGS := -O0 -g
HARDENING :=
endif
HARDENING := $(HARDENING)
INSTRUMENTATION := $(INSTRUMENTATION)

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(INCLUDES) -pthread $(WARNINGS) $(HARDENING) \
	$(INSTRUMENTATION) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
	$(INSTRUMENTATION) $(CFLAGS) $(LDFLAGS)

# $(call packaged,FLAG,LIBRARIES): what pkg-config says, or a stop with the remedy
packaged = $(shell $(PKG_CONFIG) $1 $2)$(if $(filter-out 0,$(.SHELLSTATUS)),$(error a library is \
	missing: 'make deps' installs what the build needs))
LIBRARIES := yaml-0.1 json-c libseccomp libcap liburing libcrypto $(if $(GATE),libbpf)

# These ask pkg-config once, when they are used for the first time.
LIBRARY_CFLAGS = $(eval LIBRARY_CFLAGS := $(call packaged,--cflags,$(LIBRARIES)))$(LIBRARY_CFLAGS)
LIBS = $(eval LIBS := $(call packaged,--libs,$(LIBRARIES)))$(LIBS)
TEST_CFLAGS = $(eval TEST_CFLAGS := -Itests/lib $(call packaged,--cflags,criterion) \
	$(shell $(PKG_CONFIG) --silence-errors --cflags fuse3))$(TEST_CFLAGS)
TEST_LIBS = $(eval TEST_LIBS := $(call packaged,--libs,criterion))$(TEST_LIBS)

# tests/lib/body.c watches what a test does to its process.
TEST_LDFLAGS := -Wl,--wrap=criterion_internal_test_main -Wl,--wrap=cr_redirect_stdin \
	-Wl,--wrap=cr_redirect_stdout -Wl,--wrap=cr_redirect_stderr

# V=1 shows the commands.
ifeq ($(V),1)
say :=
Q :=
else
say = @printf '  %-7s %s\n' $1 '$2'
Q := @
endif

# ---- targets for people ----

.PHONY: all tests benches
all: $(PROGRAMS) ## build the program (the default)
# What stands for the gate where there is none has to fit, too.
tests: all $(TESTS) $(DRIVERS) $(DRIVER_32) $(HARNESS) $(REPLAYS) $(GATE_ABSENT:%.c=$(BUILD)/obj/%.o) ## build the tests
benches: all $(BENCHES)

.PHONY: check check-all test
check: tests ## the tests that need no root, in less than a minute
	@tests/run headers layers documents harness unit fuzz

check-all: must-be-root ## install what is missing and run every test (root); MUST_RUN=1: none may be skipped
	+@$(MAKE) deps
	+@$(MAKE) $(parallel) tests benches
	@tests/run

test: ## build and run some tests: make test T="unit/name system/clients"; KERNEL=6.1: in a machine with that
	+@$(MAKE) $(parallel) all $(DRIVERS) $(DRIVER_32) \
		$(foreach t,$(filter $(TESTS) $(REPLAYS),$(T:%=$(BUILD)/tests/%)),$t) \
		$(if $(filter unit kernel live fuzz harness kernels kernels-all,$(T)),tests) \
		$(if $(filter system $(addprefix system/,slow-files stuck-worker doctor),$(T)),benches)
	@tests/run $(T)

.PHONY: check-kernels check-kernels-all check-arm64
check-kernels: must-be-root ## the core of the tests in machines with Debian's kernels (root)
	+@$(MAKE) $(parallel) tests benches
	@tests/run kernels

# Not by the name that make has for itself: 'make -n' would run all of it.
check-kernels-all: must-be-root ## all tests that a machine without a network can run (root)
	+@$(MAKE) $(parallel) tests benches
	@status=0; tests/run kernels-all || status=1; make check-arm64 || status=1; \
		tests/lib/machine-table docs/kernels.md $(BUILD)/test-logs/machine-* \
			$(BUILD)/aarch64-linux-gnu/test-logs/machine-* && exit $$status

check-arm64: must-be-root deps-cross ## unit, kernel and the core of live on Debian's kernels for arm64 (root)
	+@$(MAKE) CROSS=aarch64-linux-gnu KERNEL='6.1-arm64 6.12-arm64' test \
		T='unit kernel $(addprefix live/,view identity changes paths idmapped deputies deaths differential faults)'

.PHONY: asan tsan instrumented-tests coverage
asan: ## unit, fuzz, kernel, live and nsxattrd's tests with the address and undefined-behaviour sanitizers (root)
	+@$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined $(parallel) instrumented-tests

# Without address space randomization: some compilers' runtimes cannot do with much of it.
tsan: ## the same tests with the thread sanitizer (root)
	+@setarch --addr-no-randomize $(MAKE) BUILD=$(BUILD)/tsan SANITIZE=thread $(parallel) \
		instrumented-tests

coverage: ## the same tests, and which lines they reached (root)
	+@$(MAKE) BUILD=$(BUILD)/coverage COVERAGE=1 $(parallel) tests
	@find $(BUILD)/coverage -name '*.gcda' -delete
	@BUILD=$(BUILD)/coverage tests/run unit fuzz kernel live
	@tests/lib/coverage $(BUILD)/coverage

# nsxattrd's tests with containers, and with peers that mean it no good, too: what it does there, no other test
# has it do. Not hostile-neighbours, which compares how long calls take.
INSTRUMENTED := unit fuzz kernel live $(addprefix system/,daemon leaks hostile-peers oci-crun lxc)

instrumented-tests: tests
	@TEST_TIMEOUT=$${TEST_TIMEOUT:-3600} tests/run $(or $(T),$(INSTRUMENTED))

.PHONY: fuzz fuzzers bench bench-exec
fuzz: ## run each fuzz target for FUZZ_SECONDS=60 (clang)
	+@$(MAKE) BUILD=$(BUILD)/fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined \
		$(parallel) fuzzers
	@set -e; for name in $(FUZZ_SOURCES:tests/fuzz/%.c=%); do \
		mkdir -p $(BUILD)/fuzz/found/$$name tests/fuzz/corpus/$$name; \
		echo "== $$name"; \
		$(BUILD)/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/fuzz/$$name- \
			$$([ ! -f tests/fuzz/$$name.dict ] || echo -dict=tests/fuzz/$$name.dict) \
			$(BUILD)/fuzz/found/$$name tests/fuzz/corpus/$$name; \
	done

bench: deps-bench ## measure what calls, work, crowds and containers cost (root)
	+@$(MAKE) $(parallel) benches
	@tests/bench/run

# Signs programs, and mode enforce takes bpf: so in a machine.
bench-exec: deps-bench deps-machine ## measure what mode enforce costs, in a virtual machine: KERNEL=6.12 (root)
	+@$(MAKE) $(parallel) benches
	@BUILD='$(BUILD)' tests/lib/machine-run $(MACHINE_KERNEL) '$(BUILD)/test-logs/bench-exec' tests/bench/signed \
		--only=exec,verdict,gate --variants=native,nsxattr,enforced,enforced-mapped --rounds=5

.PHONY: format format-check tidy check-headers check-layers check-documents
format: ## have clang-format lay out all C files
	clang-format --style=file -i $(ALL_C)

format-check: ## say what 'make format' would change
	clang-format --style=file --dry-run --Werror $(ALL_C)

tidy: SHELL := /bin/bash
tidy: compile_commands.json ## clang-tidy and, where it is installed, shellcheck
	@set -o pipefail; printf '%s\0' $(SOURCES) | \
		xargs -0 -n 4 -P $$(nproc) clang-tidy --quiet -p . 2>&1 | \
		{ grep -vE '^[0-9]+ warnings? generated\.$$' || true; }
	@! command -v shellcheck >/dev/null || shellcheck --severity=warning -x $(SCRIPTS)

check-headers: ## does every header compile alone?
	@CC='$(CC)' CFLAGS='-std=gnu17 -D_GNU_SOURCE $(INCLUDES) -Itests/lib -Wall -Wextra -Wundef' BPF_CC='$(if $(GATE),$(BPF_CC))' \
		tests/lib/check-headers $(HEADERS) $(if $(GATE),$(BPF_HEADERS))

check-layers: ## does every include point down?
	@tests/lib/check-layers $(filter include/% policy/% supervisor/%,$(ALL_C))

check-documents: ## are numbers and files in documents those of the code?
	@tests/lib/check-documents

.PHONY: install demo demo-integrity
install: all ## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 -t '$(DESTDIR)$(PREFIX)/bin' $(PROGRAMS)
	ln -sf nsxattr-runtime '$(DESTDIR)$(PREFIX)/bin/nsxattr-runc'
	ln -sf nsxattr-runtime '$(DESTDIR)$(PREFIX)/bin/nsxattr-crun'
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/man/man1' docs/nsxattr.1
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/man/man5' $(wildcard docs/*.5)
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/man/man8' $(wildcard docs/*.8)
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/nsxattr' $(wildcard docs/*.schema.json) \
		examples/nsxattrd.yaml
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/nsxattr/policies' $(wildcard examples/policies/*.yaml)
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/nsxattr/lxc' $(wildcard examples/lxc/*)
	sed -i 's|/usr/local/|$(PREFIX)/|' '$(DESTDIR)$(PREFIX)/share/nsxattr/lxc/'*.conf
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/nsxattr/oci' $(wildcard examples/oci/*)
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/nsxattr/docker' $(wildcard examples/docker/*)
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/nsxattr/kubernetes' $(wildcard examples/kubernetes/*)
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d' examples/podman/nsxattr.json
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/lib/systemd/system' $(wildcard examples/systemd/nsxattrd*)
	install -D -m 644 examples/systemd/nsxattr.tmpfiles.conf '$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/nsxattr.conf'
	sed -i 's|/usr/local/|$(PREFIX)/|' '$(DESTDIR)$(PREFIX)/share/nsxattr/oci/createruntime.json' \
		'$(DESTDIR)$(PREFIX)/share/nsxattr/docker/daemon.json' \
		'$(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d/nsxattr.json' \
		'$(DESTDIR)$(PREFIX)/lib/systemd/system/nsxattrd.service' \
		'$(DESTDIR)$(PREFIX)/lib/systemd/system/nsxattrd-metrics@.service'
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
		examples/bash-completion/nsxattr

demo: deps-demo ## install what is missing, build, and show what nsxattr does (root)
	+@$(MAKE) $(parallel) all
	@BUILD='$(BUILD)' examples/demo.sh

demo-integrity: deps-demo-integrity ## the same of signatures that mean something: IMA of a container's own (root)
	+@$(MAKE) $(parallel) all
	@export BUILD='$(BUILD)'; $(if $(bpf_is_active),,\
		tests/lib/machine-run $(MACHINE_KERNEL) "$$BUILD/test-logs/demo-integrity" examples/demo-integrity.sh; \
		status=$$?; [ $$status -eq 125 ] || exit $$status; )examples/demo-integrity.sh

.PHONY: clean distclean help
clean: ## remove what was built; root file systems that tests made stay in $(BUILD)/cache
	@if [ -d '$(BUILD)' ]; then \
		find '$(BUILD)' -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +; \
	fi

distclean: ## remove everything that is not in the repository
	rm -rf '$(BUILD)' compile_commands.json

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+(_[a-z]+\.json)?:.*## / { printf "  %-22s %s\n", $$1, $$2 }' Makefile

# ---- machines (tests/lib/machine.sh) ----

# Mode enforce takes this. Where it is not, what shows or measures that mode runs in a machine.
bpf_is_active = $(shell grep -sqw bpf /sys/kernel/security/lsm && echo yes)
MACHINE_KERNEL = $(or $(firstword $(KERNEL)),6.12$(if $(filter aarch64,$(shell uname -m)),-arm64))

# ---- packages (Debian) ----

BUILD_PACKAGES := gcc make pkg-config libc6-dev libyaml-dev libjson-c-dev \
	libseccomp-dev libcap-dev liburing-dev libssl-dev
# Without them the build leaves the gate out.
GATE_PACKAGES := clang bpftool libbpf-dev
DEMO_PACKAGES := $(BUILD_PACKAGES) attr libcap2-bin
DEMO_INTEGRITY_PACKAGES := $(DEMO_PACKAGES) $(GATE_PACKAGES) ima-evm-utils openssl
# What starts a machine, and makes its root file system.
MACHINE_PACKAGES := mmdebstrap e2fsprogs $(if $(filter aarch64,$(shell uname -m)),qemu-system-arm,qemu-system-x86)
# gcc-multilib is for programs of 32 bits.
TEST_PACKAGES := libcriterion-dev attr acl tar rsync libcap2-bin uidmap ima-evm-utils openssl keyutils \
	mmdebstrap lxc lxc-templates e2fsprogs util-linux procps strace policycoreutils squashfs-tools \
	xfsprogs btrfs-progs libarchive-tools fuse-overlayfs bindfs mergerfs gocryptfs bubblewrap fakeroot glusterfs-server python3-jsonschema python3-yaml clang \
	crun runc podman buildah containerd docker.io systemd jq rpm dnf libfuse3-dev \
	$(if $(filter x86_64,$(shell uname -m)),gcc-multilib qemu-system-x86) \
	$(if $(filter aarch64,$(shell uname -m)),gcc-arm-linux-gnueabihf qemu-system-arm)
TOOL_PACKAGES := libclang-rt-14-dev clang-format clang-tidy shellcheck
CROSS_PACKAGES := clang make pkg-config mmdebstrap binutils-aarch64-linux-gnu binutils-arm-linux-gnueabihf \
	libc6-dev-armhf-cross libgcc-12-dev-armhf-cross qemu-system-arm kmod libarchive-tools e2fsprogs
BENCH_PACKAGES := $(BUILD_PACKAGES) attr tar rsync fakeroot pseudo libfuse3-dev e2fsprogs mmdebstrap

apt_install := DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
	-o Acquire::Retries=3 install --no-install-recommends

# $(call have,PACKAGES): install what is missing; if that is nothing, apt-get is not even asked.
define have
@if ! command -v dpkg-query >/dev/null; then \
	echo 'this is no Debian: the following packages, or their like, have to be there:'; \
	echo '$(strip $1)'; exit 0; \
fi; \
missing=; known=1; \
for package in $(sort $1); do \
	case $$(dpkg-query -W -f '$${db:Status-Abbrev}' $$package 2>/dev/null) in \
	?i*) ;; \
	*) missing="$$missing $$package"; apt-cache show $$package >/dev/null 2>&1 || known= ;; \
	esac; \
done; \
[ -n "$$missing" ] || exit 0; \
if [ "$$(id -u)" != 0 ]; then \
	echo "packages are missing; as root: apt-get install --no-install-recommends$$missing" >&2; \
	exit 1; \
fi; \
exec </dev/null; \
[ -n "$$known" ] || apt-get -q update || exit 1; \
$(apt_install) $$missing || { apt-get -q update && $(apt_install) $$missing; }
endef

.PHONY: deps deps-build deps-demo deps-demo-integrity deps-machine deps-bench deps-cross
deps: ## install the packages that building, testing and the tools need (root)
	$(call have,$(BUILD_PACKAGES) $(GATE_PACKAGES) $(TEST_PACKAGES) $(TOOL_PACKAGES))
deps-build:
	$(call have,$(BUILD_PACKAGES) $(GATE_PACKAGES))
deps-demo:
	$(call have,$(DEMO_PACKAGES))
deps-demo-integrity:
	$(call have,$(DEMO_INTEGRITY_PACKAGES))
	+$(if $(bpf_is_active),,-@$(MAKE) deps-machine)
deps-machine:
	$(call have,$(MACHINE_PACKAGES))
deps-bench:
	$(call have,$(BENCH_PACKAGES))
deps-cross: ## install what building for arm64 needs, with CROSS=aarch64-linux-gnu (root)
	$(call have,$(CROSS_PACKAGES))

# ---- rules ----

# Sub-makes use all processors unless the caller said how many.
parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: FORCE must-be-root
FORCE:
must-be-root:
	@[ "$$(id -u)" = 0 ] || { echo 'this needs root: sudo make $(MAKECMDGOALS)' >&2; exit 1; }

# Files that change when flags, or the set of sources, change: what depends on them is then made anew.
quoted = '$(subst ','\'',$1)'
define stamp
@mkdir -p $(@D)
@printf '%s\n' $(call quoted,$1) | cmp -s - $@ || printf '%s\n' $(call quoted,$1) >$@
endef
$(BUILD)/flags: FORCE
	$(call stamp,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS))
$(BUILD)/sources: FORCE
	$(call stamp,$(SOURCES))

define compile
$(call say,CC,$<)
@mkdir -p $(@D)
$(Q)$(CC) $(ALL_CFLAGS) $1 -MMD -MP -c -o $@ $<
endef

# The header of linux/types.h is in a folder of the machine's own.
BPF_CC = $(BPF_CLANG) --target=bpf -mcpu=v3 -ffreestanding -O2 -g -Wall -Wextra -Wno-unused-parameter $(if $(WERROR),-Werror) \
	-Isupervisor -idirafter /usr/include/$(shell $(BPF_CLANG) -print-multiarch)
define compile_bpf
$(call say,BPF,$<)
@mkdir -p $(@D)
$(Q)$(BPF_CC) -MMD -MP -MT $@ -c -o $@ $<
endef

define archive
$(call say,AR,$@)
@rm -f $@
$(Q)$(AR) rcs $@ $(filter %.o,$^)
endef

define link
$(call say,LD,$@)
@mkdir -p $(@D)
$(Q)$(CC) $(ALL_LDFLAGS) $1 -o $@ $(filter %.o,$^) $(filter %.a,$^) $2
endef

# The longest pattern wins: what lies below tests/ is compiled by the second rule.
$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call compile,$(LIBRARY_CFLAGS))
$(BUILD)/obj/tests/%.o: tests/%.c $(BUILD)/flags
	$(call compile,$(LIBRARY_CFLAGS) $(TEST_CFLAGS))

$(BUILD)/gen/%.bpf.o: supervisor/integrity/%.bpf.c
	$(call compile_bpf)
.SECONDARY: $(SKELETONS:.skel.h=.bpf.o)
$(BUILD)/gen/%.skel.h: $(BUILD)/gen/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@
$(SKELETONS:$(BUILD)/gen/%.skel.h=$(BUILD)/obj/supervisor/integrity/%_load.o): $(SKELETONS)

$(POLICY): $(call objects,$(POLICY_SOURCES)) $(BUILD)/sources
	$(call archive)
$(SUPERVISOR): $(call objects,$(SUPERVISOR_SOURCES)) $(BUILD)/sources
	$(call archive)
$(TESTLIB): $(call objects,$(TESTLIB_SOURCES)) $(BUILD)/sources
	$(call archive)
$(BENCHLIB): $(call objects,$(BENCHLIB_SOURCES)) $(BUILD)/sources
	$(call archive)

$(PROGRAMS): $(BUILD)/%: $(BUILD)/obj/supervisor/%.o $(SUPERVISOR) $(POLICY)
	$(call link,,$(LIBS))
$(TESTS): $(BUILD)/%: $(BUILD)/obj/%.o $(TESTLIB) $(SUPERVISOR) $(POLICY)
	$(call link,$(TEST_LDFLAGS),$(TEST_LIBS) $(LIBS))
$(DRIVERS): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPERVISOR) $(POLICY)
	$(call link,,$(LIBS))
$(BUILD)/tests/live/gate-driver $(BUILD)/tests/live/gate-race-driver: $(BUILD)/obj/tests/lib/box.o
$(BUILD)/tests/live/gate-driver: $(BUILD)/obj/tests/lib/idmapped.o
# Where there is no compiler for 32 bits, there is no such program, and the test says so.
$(DRIVER_32): tests/live/differential-driver.c $(wildcard tests/live/*.h tests/lib/*.h) supervisor/base/syscalls.h $(BUILD)/flags
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_32) -static -std=gnu17 -D_GNU_SOURCE $(INCLUDES) -O1 -o $@ $< 2>$(BUILD)/$(@F).log || rm -f $@
$(BUILD)/tests/live/idmap-driver: $(BUILD)/obj/tests/lib/idmapped.o
$(BUILD)/tests/live/stubborn-driver: $(BUILD)/obj/tests/lib/stubborn.o
$(HARNESS): $(BUILD)/tests/harness/%: $(BUILD)/obj/tests/lib/harness/%.o $(TESTLIB)
	$(call link,$(TEST_LDFLAGS),$(TEST_LIBS))
$(REPLAYS): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/obj/tests/fuzz/lib/replay.o $(SUPERVISOR) $(POLICY)
	$(call link,,$(LIBS))
$(BENCHES): $(BUILD)/%: $(BUILD)/obj/tests/%.o $(BENCHLIB) $(SUPERVISOR) $(POLICY)
	$(call link,,$(FUSE_LIBS) $(LIBS))

# A program without a loader.
$(BUILD)/bench/execs: private ALL_LDFLAGS += -static -no-pie
$(BUILD)/bench/execs: private LIBS =

$(BUILD)/bench/slowfs: private FUSE_LIBS = $(shell $(PKG_CONFIG) --libs fuse3)

# Only a sanitizer finds this one's fault. 'private': not for the objects that it is linked from.
$(BUILD)/tests/harness/leaks-memory: private INSTRUMENTATION += -fsanitize=address

# Below their own $(BUILD), see 'make fuzz'.
FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/%)
fuzzers: $(FUZZERS)
ifneq ($(filter fuzzers,$(MAKECMDGOALS)),)
$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o $(SUPERVISOR) $(POLICY)
	$(call link,-fsanitize=fuzzer,$(LIBS))
endif

SCRIPTS := $(wildcard .ci/run examples/*.sh tests/run tests/bench/run tests/bench/signed tests/bench/*.sh tests/system/*.sh \
	tests/lib/*.sh tests/lib/harness/*.sh tests/machine/*.sh tests/lib/machine-boot tests/lib/machine-run tests/lib/machine-init tests/lib/machine-table \
	tests/lib/sysroot tests/lib/check-headers tests/lib/coverage \
	examples/bash-completion/nsxattr)

# Without what clang takes for a mistake when it reads what was meant for gcc.
compile_commands.json: FORCE $(SKELETONS) ## the database that clangd and clang-tidy read
	@{ printf '['; separator=; for file in $(SOURCES); do \
		printf '%s\n{ "directory": "%s",\n  "file": "%s",\n  "command": "%s -c %s" }' \
			"$$separator" '$(CURDIR)' "$$file" \
			'$(subst ",\",$(CC) $(filter-out $(zeroed_before_16) $(zeroing_loop),$(ALL_CFLAGS)) $(LIBRARY_CFLAGS) $(TEST_CFLAGS))' "$$file"; \
		separator=,; \
	done; printf '\n]\n'; } >$@

export BUILD CC CROSS KERNEL MUST_RUN SANITIZE COVERAGE

-include $(patsubst %.o,%.d,$(call objects,$(SOURCES))) $(SKELETONS:.skel.h=.bpf.d)
