# Builds, runs and tests minning. `make help` lists what there is.
BUILD ?= .build
CC = gcc
# V=1 shows the commands
Q := $(if $(V),,@)
PACKAGES := libzmq libczmq msgpack lmdb hiredis yaml-0.1 libsodium jansson

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wcast-qual -Wvla -Werror
OPTIMISE ?= -O2 -g -D_FORTIFY_SOURCE=2
SANITISE ?=
CFLAGS := -std=c11 -D_GNU_SOURCE $(WARNINGS) $(OPTIMISE) -fstack-protector-strong $(SANITISE) -I. -MMD -MP
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
SIM_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim/*.c))
define CHECK
$(BUILD)/check/$(1): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/$(1)/*.c)) $(SIM_OBJECTS) $(LIBRARY)
	@mkdir -p $$(dir $$@)
	$(Q)$(CC) $(CFLAGS) $$^ -o $$@ $$(LDLIBS)
endef
CHECKS := vectors scenarios crash
$(foreach kind,$(CHECKS),$(eval $(call CHECK,$(kind))))
.SECONDARY:

.PHONY: test
test: packages all $(UNIT_TESTS) $(addprefix $(BUILD)/check/,$(CHECKS))  ## everything that is checked: what CI runs
	@set -e; for part in unit $(CHECKS) tidy; do echo "== $$part"; $(MAKE) --no-print-directory $$part; done

.PHONY: unit
unit: $(UNIT_TESTS)  ## unit tests
	@set -e; for test in $(UNIT_TESTS); do $$test; done

.PHONY: vectors
vectors: $(BUILD)/check/vectors  ## golden vectors, read by an independent msgpack too
	@$< > $(BUILD)/golden.txt
	@diff -u tests/vectors/golden.txt $(BUILD)/golden.txt > $(BUILD)/golden.diff || \
	    { cut -c1-160 $(BUILD)/golden.diff; echo "if the schema was meant to change: cp $(BUILD)/golden.txt tests/vectors/golden.txt"; exit 1; }
	@/usr/bin/python3 tests/vectors/check.py $(BUILD)/golden.txt

.PHONY: scenarios
scenarios: $(BUILD)/check/scenarios  ## transcripts that a domain expert can read
	@$< tests/scenarios/*.txt

.PHONY: crash
crash: all $(BUILD)/check/crash  ## kill -9 of any service at random; CRASH_SECONDS=15 SEED=…
	@$(BUILD)/check/crash $(BUILD)/bin deploy/plans/2021-cangshan.yaml $(or $(CRASH_SECONDS),15) $(SEED)

.PHONY: tidy
tidy:  ## the laws of the house
	@tests/tidy/tidy

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
