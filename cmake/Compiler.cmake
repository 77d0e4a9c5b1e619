# Warnings, sanitizers, coverage and the compiler cache.
set(NIC_WARNINGS -Wall -Wextra -Wshadow -Wundef $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)

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

find_program(NIC_CCACHE ccache)
if(NIC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${NIC_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NIC_CCACHE})
endif()
