# What there is to do, and the script in ci/ that does it. `make help` lists it.

# `make demo SHELL=1` asks for a shell, not for recipes to be run by a program named 1; and no make below this one is to
# hear of it.
ifeq ($(origin SHELL),command line)
want_shell := $(filter-out 0 no,$(SHELL))
override SHELL := /bin/sh
endif
MAKEOVERRIDES :=
unexport MAKEFLAGS MFLAGS

KERNEL ?= 6.1,6.12
SCENARIO ?=
SOURCE ?= kmod
TARGET ?=
DURATION ?=
SEED ?=
DESTDIR ?=
PREFIX ?= /usr/local
export DESTDIR PREFIX

.PHONY: help run demo test vm-test vm-test-engines vm-test-debug vm-test-arm64 soak lint build kmod bench bench-kernel bench-run fuzz install uninstall clean

help: ## this list
	@echo "make TARGET:"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name text; do \
	    printf '%-16s %s\n' "$$name" "$$text"; done

run: ## a script that does suspicious things is watched, on this machine, without root and without a module
	@ci/setup.sh && ci/run.sh

demo: ## an attack becomes an alert, in a virtual machine; SHELL=1 gives you a shell in it instead
	@ci/vm-tests.sh --kernel 6.1 $(if $(want_shell),--shell,--demo)

test: ## every test there is, on the host and in virtual machines
	@ci/test.sh

vm-test: ## machine tests alone: [KERNEL=5.10|6.1|6.12|6.1-rt|7.2|all] [SCENARIO=part of a name] [SOURCE=kmod]
	@ci/vm-tests.sh --kernel '$(KERNEL)' --scenario '$(SCENARIO)' --source '$(SOURCE)'

vm-test-engines: ## machine tests with Podman, Docker and containerd of Debian 12: [KERNEL=6.1] [SOURCE=kmod]
	@ci/vm-tests.sh --kernel '$(if $(filter file,$(origin KERNEL)),6.1,$(KERNEL))' --scenario podman,docker,containerd --source '$(SOURCE)'

soak: ## load in a virtual machine while rules change, outputs fail and daemons are killed: [DURATION=seconds, 1800] [SEED=number]
	@ci/vm-tests.sh --kernel 6.1 --soak --seconds '$(or $(DURATION),1800)' $(if $(SEED),--seed '$(SEED)')

vm-test-debug: ## machine tests on a kernel built to find mistakes: lockdep, KASAN, sleeping in atomic context: [SCENARIO=]
	@ci/debug-kernel.sh && ci/vm-tests.sh --kernel 6.12-debug --scenario '$(SCENARIO)'

vm-test-arm64: ## machine tests on an emulated 64-bit ARM machine: [SCENARIO=]
	@ci/vm-tests.sh --kernel 6.12-arm64 --scenario '$(SCENARIO)'

lint: ## formatting, lints, documentation, licences
	@ci/setup.sh fuzz && ci/lint.sh

build: ## the daemon, as target/static/kestrel
	@ci/setup.sh && ci/build-static.sh kestrel

kmod: ## the module for the kernel that runs here, in target/kmod
	@ci/setup.sh module running && ci/build-kmod.sh --running

bench: ## what things cost in user space: time a record, a rule, an alert
	@ci/setup.sh && ci/bench.sh

bench-kernel: ## what things cost in the kernel: instructions a system call; memory, start and sizes
	@ci/vm-tests.sh --kernel '$(KERNEL)' --count

bench-run: ## what `kestrel run` costs: a compile and a shell loop, plain, under it, and under strace
	@ci/setup.sh run && ci/bench-run.sh

fuzz: ## hostile bytes into every parser: [TARGET=name] [DURATION=seconds each, 60]
	@ci/setup.sh fuzz && ci/fuzz.sh --seconds '$(or $(DURATION),60)' $(TARGET)

install: ## module, daemon, rules, configuration and systemd unit onto this machine, as root: [DESTDIR=] [PREFIX=/usr/local]
	@ci/install.sh

uninstall: ## what install brought, except what you may have changed in /etc/kestrel
	@ci/install.sh --remove

clean: ## everything that was built or fetched
	rm -rf target fuzz/target
