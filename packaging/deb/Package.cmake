# Debian packages by CPack: the library with its default model, what programs are built with, and the tools.
# packaging/deb/build makes them. They hold what is installed below /usr, so nothing is set up for another prefix.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" OR NOT TARGET nicenc)
  return()
endif()

set(NIC_MAINTAINER "The nic authors <nic@localhost>" CACHE STRING "Maintainer of the Debian packages")
get_target_property(soversion nic SOVERSION)
set(library_package libnic${soversion})
set(exactly "${library_package} (= ${PROJECT_VERSION}-1)")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nic)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${NIC_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "image codec by learned compression, exact on every machine")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL library development tools)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/deb/finish.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE nic)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
# CPack's own way would run ldconfig in scripts where Debian has a trigger.
file(WRITE ${CMAKE_BINARY_DIR}/deb/shlibs "libnic ${soversion} ${exactly}\n")
file(WRITE ${CMAKE_BINARY_DIR}/deb/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/deb/shlibs ${CMAKE_BINARY_DIR}/deb/triggers)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "Reads and writes .nic files. Decoding is integer arithmetic
from the first byte to the last pixel, so that a file gives the same pixels on
every machine.

The library holds its default model and needs no deep-learning framework.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libnic-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${exactly}, libhwy-dev, libxxhash-dev, libzstd-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers, the static library, and files for CMake and
pkg-config, to build programs that read and write .nic files.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME nic-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${exactly}")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "The programs nicenc, which compresses PNG, JPEG and PNM
pictures to .nic files, nicdec, which decodes these, and nicinfo, which tells
what they hold; with completions for shells, a MIME type and a thumbnailer.")

include(CPack)
