/* Visibility of the public symbols.
 *
 * Define NIC_STATIC when linking the static library without the CMake package, whose target nic::nic_static does it.
 * libnic.so exports the functions of these headers and nothing else, under the symbol version NIC_0. */
#ifndef NIC_EXPORT_H
#define NIC_EXPORT_H

#if defined(NIC_STATIC)
#define NIC_API
#elif defined(_WIN32)
#if defined(NIC_BUILDING)
#define NIC_API __declspec(dllexport)
#else
#define NIC_API __declspec(dllimport)
#endif
#else
#define NIC_API __attribute__((visibility("default")))
#endif

#endif
