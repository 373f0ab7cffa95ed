# Builds, runs and tests minning. `make help` lists what there is.
BUILD ?= .build
CC = gcc
# With -j the lines of one part stay together.
MAKEFLAGS += --output-sync=recurse
# V=1 shows the commands
Q := $(if $(V),,@)
PACKAGES := libzmq libczmq msgpack lmdb hiredis yaml-0.1 libsodium nettle jansson libcurl libmicrohttpd libzip xlsxwriter libical

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wcast-qual -Wvla -Werror
OPTIMISE ?= -O2 -g -D_FORTIFY_SOURCE=2
SANITISE ?=
# gcc copies and clears structs of more than a few words by `rep movs` and `rep stos`, which take 30 cycles to begin
COPIES := $(shell $(CC) -Werror -mstringop-strategy=libcall -E -x c /dev/null >/dev/null 2>&1 && echo -mstringop-strategy=libcall)
CFLAGS := -std=c11 -D_GNU_SOURCE $(WARNINGS) $(OPTIMISE) $(COPIES) -fstack-protector-strong $(SANITISE) -I. -MMD -MP
LDLIBS = -Wl,--as-needed $(shell pkg-config --libs $(PACKAGES)) -lpthread

# A room is a folder; its main.c is a program, all else goes into one archive from which the linker takes what it needs.
ROOM_SOURCES := $(wildcard proto/*.c services/*/*.c)
MAIN_SOURCES := $(filter %/main.c,$(ROOM_SOURCES))
LIBRARY := $(BUILD)/libminning.a
LIBRARY_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c,$(ROOM_SOURCES)))
# services/1-intake/main.c -> bin/minning-intake, services/minning/main.c -> bin/minning
PROGRAM_NAMES := $(patsubst minning-minning,minning,$(foreach main,$(MAIN_SOURCES),minning-$(shell echo $(notdir $(patsubst %/,%,$(dir $(main)))) | sed 's/^[0-9]-//')))
PROGRAMS := $(addprefix $(BUILD)/bin/,$(PROGRAM_NAMES))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/test/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(PROGRAMS)  ## build every program

$(BUILD)/%.o: %.c
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

# what it carries inside
$(BUILD)/services/console/pages.o: $(wildcard services/console/pages/*.* services/console/pages/vendor/*)

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

define PROGRAM
$(BUILD)/bin/$(2): $(BUILD)/$(1:.c=.o) $(LIBRARY)
	@mkdir -p $$(dir $$@)
	$(Q)$(CC) $(CFLAGS) $$^ -o $$@ $$(LDLIBS)
endef
$(foreach main,$(MAIN_SOURCES),$(eval $(call PROGRAM,$(main),$(patsubst minning-minning,minning,minning-$(shell echo $(notdir $(patsubst %/,%,$(dir $(main)))) | sed 's/^[0-9]-//')))))

$(BUILD)/test/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ $(LDLIBS) -lcmocka

# Programs that check the whole: tests/<kind>/*.c with the drivers of tests/sim.
SIM_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,tests/sim/pump.c tests/sim/world.c)
define CHECK
$(BUILD)/check/$(1): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/$(1)/*.c)) $(SIM_OBJECTS) $(LIBRARY)
	@mkdir -p $$(dir $$@)
	$(Q)$(CC) $(CFLAGS) $$^ -o $$@ $$(LDLIBS)
endef
CHECKS := vectors scenarios crash sim bulk
$(foreach kind,$(CHECKS) scale,$(eval $(call CHECK,$(kind))))
.SECONDARY:

# In this order: what is quick and tells most comes first. No part needs another: with -j2 two of them run side by side.
PARTS := unit vectors scenarios tidy sim crash bulk drill notify poison loops corruption power corpora hostile disk-full scale mutants issue web papers
.PHONY: test
test: $(addprefix test-,$(PARTS))  ## everything that is checked: what CI runs
	@skipped=$$(ls $(BUILD)/skipped 2>/dev/null | grep -cv '\.log$$'); \
	    echo "all parts: $$(($(words $(PARTS)) - skipped)) passed, 0 failed, $$skipped skipped"; \
	    for part in $$(ls $(BUILD)/skipped 2>/dev/null | grep -v '\.log$$'); do echo "  skipped: $$part: $$(cat $(BUILD)/skipped/$$part)"; done

.PHONY: test-built $(addprefix test-,$(PARTS))
test-built: packages all $(UNIT_TESTS) $(addprefix $(BUILD)/check/,$(CHECKS))
	@rm -rf $(BUILD)/skipped
$(addprefix test-,$(PARTS)): test-%: test-built
	@echo "== $*"; SKIP=1 $(MAKE) --no-print-directory $* $(TEST_$*)
# what a part does when all are run: the larger thing is a target of its own
TEST_hostile := HOSTILE_CLIENTS=500
TEST_scale := UNITS=1000 TASKS=100
TEST_sim := JOBS=1
TEST_power := JOBS=1

.PHONY: unit
unit: $(UNIT_TESTS)  ## unit tests
	@tests/own-tmp sh -ec 'for test in $(UNIT_TESTS); do $$test; done'

.PHONY: vectors
vectors: $(BUILD)/check/vectors  ## golden vectors, read by an independent msgpack too
	@$< > $(BUILD)/golden.txt
	@diff -u tests/vectors/golden.txt $(BUILD)/golden.txt > $(BUILD)/golden.diff || \
	    { cut -c1-160 $(BUILD)/golden.diff; echo "if the schema was meant to change: cp $(BUILD)/golden.txt tests/vectors/golden.txt"; exit 1; }
	@/usr/bin/python3 tests/vectors/check.py $(BUILD)/golden.txt
	@/usr/bin/python3 tests/vectors/asyncapi.py

.PHONY: scenarios
scenarios: $(BUILD)/check/scenarios  ## transcripts that a domain expert can read
	@tests/own-tmp $< tests/scenarios/*.txt

.PHONY: crash
crash: all $(BUILD)/check/crash  ## kill -9 of any service at random; CRASH_SECONDS=15 SEED=…
	@tests/own-tmp $(BUILD)/check/crash $(BUILD)/bin deploy/plans/2021-cangshan.yaml $(or $(CRASH_SECONDS),15) $(SEED)

.PHONY: sim
sim: $(BUILD)/check/sim  ## worlds out of a seed, full of faults; SEED=1 WORLDS=2000 JOBS=2; WORLDS=1 tells it step by step
	@tests/own-tmp $< $(or $(SEED),1) $(or $(WORLDS),2000) $(or $(JOBS),2)

.PHONY: sim-mutants
sim-mutants:  ## is every planted fault caught, by which invariant, after how many worlds? MUTANTS=… WORLDS=…
	@tests/own-tmp tests/sim/mutants/run $(BUILD) $(or $(WORLDS),6000) $(MUTANTS)

.PHONY: mutants
mutants:  ## a few of them, one of each kind: can the simulation still fail?
	@tests/own-tmp tests/sim/mutants/run $(BUILD) $(or $(WORLDS),1500) $(MUTANTS_FEW)
MUTANTS_FEW := ledger-ack-before-commit stage-repeats-applied validation-revision-dropped aggregation-increments alerting-rung-lost

.PHONY: bulk
bulk: all $(BUILD)/check/bulk  ## CSV files of many reports, and every total rebuilt from the ledger, on a real system
	@tests/own-tmp $(BUILD)/check/bulk $(BUILD)/bin deploy/plans/2021-cangshan.yaml

.PHONY: scale
scale: all $(BUILD)/check/scale  ## 3,000 units and 200 tasks through every stage and as real processes, a plan amended in mid-year, two plans side by side
	@tests/own-tmp $(BUILD)/check/scale amend deploy/plans/2021-cangshan.yaml
	@tests/own-tmp $(BUILD)/check/scale stages $(or $(UNITS),3000) $(or $(TASKS),200)
	@BIN=$(BUILD)/bin CHECK=$(BUILD)/check/scale UNITS=$(or $(BESIDE),300) TASKS=$(or $(BESIDE_TASKS),20) tests/own-tmp tests/scale/two_plans
	@BIN=$(BUILD)/bin CHECK=$(BUILD)/check/scale UNITS=$(or $(UNITS),3000) TASKS=$(or $(TASKS),200) tests/own-tmp tests/scale/large_plan
	@echo "scale: 4 passed, 0 failed"

.PHONY: scale-growth
scale-growth: $(BUILD)/check/scale  ## a ledger that grows, sampled: starts, stages, cost, memory; ENTRIES=1000000 STAGED=… (stages up to here)
	@tests/own-tmp $(BUILD)/check/scale growth $(or $(ENTRIES),1000000) $(STAGED)

# The benchmark links what it compares with; its packages are a second list, installed by `make bench` alone.
BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c) tests/bench/plain/plain.c)
PLAIN_OBJECTS := $(BUILD)/tests/bench/plain/main.o $(BUILD)/tests/bench/plain/plain.o
$(BUILD)/tests/bench/postgres.o: CFLAGS += $(shell pkg-config --cflags libpq 2>/dev/null)
$(BUILD)/check/bench: $(BENCH_OBJECTS) $(SIM_OBJECTS) $(LIBRARY)
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ -Wl,--wrap=zmq_setsockopt $(LDLIBS) -lpq
# the same programs, but for a gateway without CURVE
$(BUILD)/bin-plain/minning-gateway: $(PLAIN_OBJECTS) $(PROGRAMS)
	@mkdir -p $(dir $@)
	@for program in $(PROGRAMS); do ln -f $$program $(dir $@); done; rm -f $@
	$(Q)$(CC) $(CFLAGS) $(PLAIN_OBJECTS) $(LIBRARY) -o $@ -Wl,--wrap=zmq_setsockopt,--wrap=edge_self_test,--wrap=zap_step $(LDLIBS)

.PHONY: tidy
# the benchmark is compiled, though nothing of it runs here: or it falls behind what it measures; postgres.c needs its packages
tidy: $(BUILD)/bin/minning $(filter-out %/postgres.o,$(BENCH_OBJECTS))  ## the laws of the house
	@tests/own-tmp tests/tidy/tidy

.PHONY: bench
bench: bench-packages all $(BUILD)/check/bench $(BUILD)/bin-plain/minning-gateway  ## how fast, beside Redis and PostgreSQL: see tests/bench/bench.c
	@$(BUILD)/check/bench $(BUILD)/bin

.PHONY: bench-stages
bench-stages: bench-packages all $(BUILD)/check/bench  ## what each part costs, inside one process
	@$(BUILD)/check/bench stages $(BUILD)/bin

.PHONY: bench-console
bench-console: packages all $(BUILD)/check/scale  ## the evening of the 25th: CLERKS=200 log in, look, check and submit at once, through the console
	@BIN=$(BUILD)/bin CHECK=$(BUILD)/check/scale CLERKS=$(or $(CLERKS),200) tests/own-tmp tests/bench/evening

.PHONY: bench-packages
bench-packages: packages
	@scripts/install-packages deploy/packages-bench.txt

# Real processes, real disasters: both drive a whole system by tests/drill/system.c.
define DISASTER
$(BUILD)/check/$(1): $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/$(1)/*.c) tests/drill/system.c tests/sim/pump.c)) $(LIBRARY)
	@mkdir -p $$(dir $$@)
	$(Q)$(CC) $(CFLAGS) $$^ -o $$@ $$(LDLIBS)
endef
$(foreach kind,drill poison notify,$(eval $(call DISASTER,$(kind))))

.PHONY: drill
drill: all $(BUILD)/check/drill  ## backup, disaster, restore, sent again: the same instants, nobody warned twice
	@tests/own-tmp $(BUILD)/check/drill $(BUILD)/bin deploy/plans/2021-cangshan.yaml

.PHONY: notify
notify: all $(BUILD)/check/notify  ## real mail and robot servers: signatures, failures, kill -9 in the middle, nobody told twice
	@tests/own-tmp $(BUILD)/check/notify $(BUILD)/bin deploy/plans/2021-cangshan.yaml tests/notify/outside.py

.PHONY: poison
poison: all $(BUILD)/check/poison  ## an event that crashes a stage three times; a quarantine lets it go on
	@tests/own-tmp $(BUILD)/check/poison $(BUILD)/bin deploy/plans/2021-cangshan.yaml

# What must outlive power cuts, failing calls and rot; all three work on the small office of tests/power.
define DURABLE
$(BUILD)/check/$(1): $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/$(1)/*.c) tests/power/office.c tests/sim/pump.c)) $(LIBRARY)
	@mkdir -p $$(dir $$@)
	$(Q)$(CC) $(CFLAGS) $$^ -o $$@ $$(LDLIBS) -lcmocka
endef
$(foreach kind,power loops corruption,$(eval $(call DURABLE,$(kind))))

.PHONY: power
power: $(BUILD)/check/power  ## cut the power at every point of every write; STATES=1000000 SEED=1 JOBS=2
	@tests/own-tmp $< $(or $(STATES),8000) $(or $(SEED),1) $(or $(JOBS),2)

.PHONY: loops
loops: $(BUILD)/check/loops  ## fail every call and every allocation, kill at every write, one by one
	@tests/own-tmp $<

.PHONY: disk-full
disk-full: all  ## the whole system on a small disk that fills up, and gets room again
	@BIN=$(BUILD)/bin BUILD=$(BUILD) tests/own-tmp tests/loops/disk-full

.PHONY: corruption
corruption: $(BUILD)/check/corruption  ## turn bits of live stores; FLIPS=all turns each of them
	@tests/own-tmp $< $(FLIPS)

# Inputs of strangers: the committed ones through every parser with gcc's sanitizers; `make fuzz` looks for new ones with clang.
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(BUILD)/check/fuzz: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/*.c)) $(SIM_OBJECTS) $(LIBRARY)
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ $(LDLIBS)
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/fuzz_plans.o $(SIM_OBJECTS) $(LIBRARY)
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $^ -o $@ $(LDLIBS)
.PHONY: fuzz-targets
fuzz-targets: $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(filter-out %/fuzz_plans.c,$(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: corpora
corpora:  ## every input that once mattered, through every parser, with sanitizers
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/san OPTIMISE="-O1 -g" SANITISE="$(SANITIZERS)" $(BUILD)/san/check/fuzz
	@tests/own-tmp $(BUILD)/san/check/fuzz tests/fuzz/corpus

.PHONY: fuzz
fuzz:  ## look for inputs that break a parser, T=60 seconds in all; TARGETS="wire plan"
	@BUILD=$(BUILD) T=$(or $(T),60) tests/own-tmp tests/fuzz/fuzz $(TARGETS)

$(BUILD)/check/hostile: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/hostile/*.c)) $(SIM_OBJECTS) $(LIBRARY)
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ $(LDLIBS) -lsodium

.PHONY: hostile
hostile: all $(BUILD)/check/hostile  ## those who must not come in, and those who came in and misbehave; HOSTILE_CLIENTS=1000
	@tests/own-tmp $(BUILD)/check/hostile $(BUILD)/bin deploy/plans/2021-cangshan.yaml $(or $(HOSTILE_CLIENTS),1000)

.PHONY: web
web: packages all  ## the console in a real Chromium, every role, and its HTTP edge by hand; pictures in .build/web/shots; WEB=papers: one of its files
	@BIN=$(BUILD)/bin BUILD=$(BUILD) tests/own-tmp tests/optional web deploy/packages-web.txt tests/web/run

.PHONY: papers
papers: packages all  ## bulletin, summary and ledger of a year opened by LibreOffice: page, lines, heads, fonts, words; pictures in .build/papers
	@BIN=$(BUILD)/bin BUILD=$(BUILD) tests/own-tmp tests/optional papers deploy/packages-papers.txt tests/papers/run

.PHONY: issue
issue: all  ## the life of a bulletin by the command line: announced, objected to, published, corrected, told in the next issue
	@BIN=$(BUILD)/bin tests/own-tmp tests/papers/issue

.PHONY: run
run: packages all  ## the 2021 plan, August to December, as 28 units (KEEP=1 leaves it up)
	@BIN=$(BUILD)/bin KEEP=$(KEEP) scripts/run

.PHONY: packages
packages:
	@scripts/install-packages

.PHONY: clean
clean:  ## remove everything built
	rm -rf $(BUILD)

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
