# Builds, runs and tests minning. `make help` lists what there is.
BUILD ?= .build
CC ?= gcc
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
	$(CC) $(CFLAGS) -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

define PROGRAM
$(BUILD)/bin/$(2): $(BUILD)/$(1:.c=.o) $(LIBRARY)
	@mkdir -p $$(dir $$@)
	$(CC) $(CFLAGS) $$^ -o $$@ $$(LDLIBS)
endef
$(foreach main,$(MAIN_SOURCES),$(eval $(call PROGRAM,$(main),$(patsubst minning-minning,minning,minning-$(shell echo $(notdir $(patsubst %/,%,$(dir $(main)))) | sed 's/^[0-9]-//')))))

$(BUILD)/test/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $^ -o $@ $(LDLIBS) -lcmocka

.PHONY: unit
unit: $(UNIT_TESTS)  ## unit tests only
	@set -e; for test in $(UNIT_TESTS); do $$test; done

.PHONY: packages
packages:
	@scripts/install-packages

.PHONY: clean
clean:  ## remove everything built
	rm -rf $(BUILD)

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

-include $(LIBRARY_OBJECTS:.o=.d)
