# Debian packages by CPack: the library with its default model, what programs are built with, the tools; and, where they are
# built, the search through LibTorch and the plug-ins of other programs, each on its own, so that nobody has to install
# what is asked for by another. packaging/deb/build makes them. They hold what is installed below /usr, so nothing is set up for another prefix.
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
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each component has its own
set(CPACK_PACKAGE_CONTACT ${NIC_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL library development tools)
if(TARGET nic_plugin_torch)
  list(APPEND CPACK_COMPONENTS_ALL torch)
endif()
if(TARGET pixbufloader-nic)
  list(APPEND CPACK_COMPONENTS_ALL gdk_pixbuf)
endif()
if(NIC_BUILD_PLUGINS)
  list(APPEND CPACK_COMPONENTS_ALL pillow imagemagick)
endif()
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
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS "${library_package}-torch")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "image codec by learned compression, exact on every machine
Reads and writes .nic files. Decoding is integer arithmetic
from the first byte to the last pixel, so that a file gives the same pixels on
every machine.

The library holds its default model and needs no deep-learning framework.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libnic-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${exactly}, libhwy-dev, libxxhash-dev, libzstd-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "image codec by learned compression (development files)
Headers, the static library, and files for CMake and
pkg-config, to build programs that read and write .nic files.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME nic-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${exactly}")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS
    "${library_package}-torch, libnic-gdk-pixbuf, nic-imagemagick, python3-nic-pillow")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "image codec by learned compression (programs)
The programs nicenc, which compresses PNG, JPEG and PNM
pictures to .nic files, nicdec, which decodes these, and nicinfo, which tells
what they hold; with completions for shells, a MIME type and a thumbnailer.")

# The plug-in of libnic alone needs LibTorch, some hundred megabytes.
set(CPACK_DEBIAN_TORCH_PACKAGE_NAME ${library_package}-torch)
set(CPACK_DEBIAN_TORCH_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_TORCH_PACKAGE_DEPENDS "${exactly}")
set(CPACK_COMPONENT_TORCH_DESCRIPTION "image codec by learned compression (search by LibTorch)
A plug-in of libnic that searches for better latents by gradient descent: the
efforts 6 to 9 of nicenc, for minutes rather than milliseconds. It needs
LibTorch, which nothing else of nic does; what it makes decodes everywhere.")

set(CPACK_DEBIAN_GDK_PIXBUF_PACKAGE_NAME libnic-gdk-pixbuf)
set(CPACK_DEBIAN_GDK_PIXBUF_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_GDK_PIXBUF_PACKAGE_DEPENDS "${exactly}")
set(CPACK_COMPONENT_GDK_PIXBUF_DESCRIPTION "image codec by learned compression (gdk-pixbuf loader)
A loader for gdk-pixbuf, by which image viewers, file managers and other
programs that use it open .nic files and make thumbnails of them.")

set(CPACK_DEBIAN_PILLOW_PACKAGE_NAME python3-nic-pillow)
set(CPACK_DEBIAN_PILLOW_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PILLOW_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PILLOW_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PILLOW_PACKAGE_DEPENDS "${exactly}, python3, python3-pil")
set(CPACK_DEBIAN_PILLOW_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/pillow/postinst ${CMAKE_CURRENT_LIST_DIR}/pillow/prerm)
set(CPACK_COMPONENT_PILLOW_DESCRIPTION "image codec by learned compression (plug-in for Pillow)
A plug-in for Pillow, Python's imaging library: with 'import nic_pillow',
Image.open and Image.save know .nic files, their alpha and metadata.")

set(CPACK_DEBIAN_IMAGEMAGICK_PACKAGE_NAME nic-imagemagick)
set(CPACK_DEBIAN_IMAGEMAGICK_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_IMAGEMAGICK_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_IMAGEMAGICK_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_IMAGEMAGICK_PACKAGE_DEPENDS "nic-tools, imagemagick")
set(CPACK_COMPONENT_IMAGEMAGICK_DESCRIPTION "image codec by learned compression (ImageMagick)
Tells ImageMagick's programs, like convert, to call nicdec and nicenc for files
whose names end in .nic.")

include(CPack)
