# Builds the library again, for this machine: lib/ holds one for any machine of its kind.
CXX ?= g++
CXXFLAGS ?= @FLAGS@ -march=native

build/lib@LABEL@.so: src/@LABEL@.cpp include/@LABEL@.h
	mkdir -p build
	$(CXX) $(CXXFLAGS) -Wl,-soname,lib@LABEL@.so -Iinclude $< -o $@

.PHONY: clean
clean:
	rm -rf build
