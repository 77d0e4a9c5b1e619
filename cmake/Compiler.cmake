# Warnings, sanitizers, coverage and the compiler cache.
set(NIC_WARNINGS -Wall -Wextra -Wshadow -Wundef $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)

# With -O1 tests and tools compile in half the time under sanitizers; what they test, libnic, keeps -O2
# (libnic/CMakeLists.txt), since it is where they spend theirs. Line numbers are all that a report needs.
set(NIC_FAST_COMPILING OFF)
if(NIC_SANITIZE AND NOT NIC_BUILD_FUZZERS AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(NIC_FAST_COMPILING ON)
  add_compile_options(-O1 -g1)
endif()

if(NIC_SANITIZE)
  add_compile_options(-fsanitize=${NIC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${NIC_SANITIZE})
endif()

# Everything then tells the fuzzer which way it went.
if(NIC_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Clang's source-based coverage (scripts/coverage).
if(NIC_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()

# nic_precompile(TARGET HEADERS...): for large headers of others. ccache serves better, and cannot see through these.
function(nic_precompile target)
  if(NOT NIC_CCACHE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

find_program(NIC_CCACHE ccache)
if(NIC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${NIC_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NIC_CCACHE})
endif()
