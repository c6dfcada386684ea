# Builds @LABEL@.so, which hls4mlEmulator::ModelLoader("@LABEL@") opens.
#   EMULATOR_EXTRAS  where hls4mlEmulatorExtras is installed
#   AP_TYPES         folder of ap_fixed.h and ap_int.h; without it that of HLS_ROOT
#   HLS_ROOT         an installation of Vitis HLS
EMULATOR_EXTRAS ?= /usr/local
AP_TYPES ?= $(HLS_ROOT)/include
PREFIX ?= /usr/local
CXX ?= g++
CXXFLAGS ?= -O3
override CXXFLAGS += -std=c++17 -fPIC

INCLUDES := -I$(EMULATOR_EXTRAS)/include -I$(EMULATOR_EXTRAS)/include/hls4ml -isystem $(AP_TYPES)
LIBRARIES := -L$(EMULATOR_EXTRAS)/lib64 -lemulator_interface
OBJECTS := @NAME@_emulator_v@VERSION@.o NN/@LABEL@.o

@LABEL@.so: $(OBJECTS)
	$(CXX) $(CXXFLAGS) -shared $(OBJECTS) $(LIBRARIES) -o $@

%.o: %.cpp NN/@LABEL@.h NN/defines.h
	$(CXX) $(CXXFLAGS) $(INCLUDES) -c $< -o $@

.PHONY: install clean
install: @LABEL@.so
	mkdir -p $(PREFIX)/lib64
	cp @LABEL@.so $(PREFIX)/lib64/

clean:
	rm -f $(OBJECTS) @LABEL@.so
