#pragma once

#include <cstdio>
#include <cstdlib>

// Always on: a defect of ours ends the kernel where it shows, with its place on
// stderr. Never for input from outside.
#define DKVM_ASSERT(condition)                                                                  \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      std::fprintf(stderr, "<2>%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                             \
    }                                                                                           \
  } while (false)
