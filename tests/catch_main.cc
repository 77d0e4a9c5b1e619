#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// Tests ask for more memory than there is: that must come back as a null pointer, not end the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }
