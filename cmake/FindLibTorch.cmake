# LibTorch as the target nic_torch, which is absent where there is none.
#
# A LibTorch of its own (from pytorch.org or a Python package) is taken where Torch_DIR or CMAKE_PREFIX_PATH gives its
# CMake folder. Otherwise Debian's libtorch-dev is used by its files: its CMake configuration asks for packages that
# nothing here needs.
if(TARGET nic_torch)
  return()
endif()

if(Torch_DIR OR CMAKE_PREFIX_PATH)
  find_package(Torch QUIET)
endif()

if(TORCH_FOUND)
  add_library(nic_torch INTERFACE)
  separate_arguments(nic_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_link_libraries(nic_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(nic_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_compile_options(nic_torch INTERFACE ${nic_torch_flags})
  message(STATUS "LibTorch: ${Torch_VERSION} in ${Torch_DIR}")
  return()
endif()

find_path(NIC_TORCH_INCLUDE torch/csrc/api/include/torch/torch.h)
find_library(NIC_TORCH_LIBRARY torch)
find_library(NIC_TORCH_CPU_LIBRARY torch_cpu)
find_library(NIC_C10_LIBRARY c10)
mark_as_advanced(NIC_TORCH_INCLUDE NIC_TORCH_LIBRARY NIC_TORCH_CPU_LIBRARY NIC_C10_LIBRARY)
if(NIC_TORCH_INCLUDE AND NIC_TORCH_LIBRARY AND NIC_TORCH_CPU_LIBRARY AND NIC_C10_LIBRARY)
  add_library(nic_torch INTERFACE)
  target_link_libraries(nic_torch INTERFACE ${NIC_TORCH_LIBRARY} ${NIC_TORCH_CPU_LIBRARY} ${NIC_C10_LIBRARY})
  target_include_directories(nic_torch SYSTEM INTERFACE
    ${NIC_TORCH_INCLUDE} ${NIC_TORCH_INCLUDE}/torch/csrc/api/include)
  message(STATUS "LibTorch: ${NIC_TORCH_LIBRARY}")
else()
  message(STATUS "LibTorch: not found")
endif()
