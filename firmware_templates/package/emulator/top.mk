# Builds and installs every version; see the Makefile of a version for the variables.
VERSIONS := $(sort $(wildcard @NAME@_v*/Makefile))

.PHONY: all install clean
all install clean:
	for version in $(dir $(VERSIONS)); do $(MAKE) -C $$version $(filter-out all,$@) || exit 1; done
