# Read by ctest, not by the build: the tests of the fuzzers belong to preset
# fuzz; the other builds run them too once they are there (tools/test fuzz).
set(fuzz_tests ${CMAKE_CURRENT_LIST_DIR}/../../build/fuzz/tests/fuzz/CTestTestfile.cmake)
if(EXISTS ${fuzz_tests})
  include(${fuzz_tests})
endif()
