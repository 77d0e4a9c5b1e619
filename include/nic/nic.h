/* libnic: reads and writes .nic files.
 *
 * A .nic file holds a photograph as arithmetic-coded latents of a learned transform. Decoding is integer arithmetic
 * throughout, so that every machine decodes a file to the same pixels.
 *
 * In reading order:
 *   nic/status.h   what calls return
 *   nic/context.h  threads, memory, limits, models; needed only for what differs from the defaults
 *   nic/image.h    pixels, and reading a file's header
 *   nic/decode.h   nic_decode in one call; nic_decoder with options, regions, rows as they are ready, and files that
 *                  arrive in pieces
 *   nic/encode.h   nic_encode in one call; nic_encoder with options and targets, and pictures that come row by row
 *
 * The shortest decoder:
 *
 *   nic_image image;
 *   nic_error error;
 *   if (nic_decode(NULL, bytes, size, &image, &error)) return fail(error.message);
 *   show(image.pixels, image.width, image.height, image.format);
 *   nic_free(NULL, image.pixels);
 *
 * Threads, object by object:
 *   nic_context                  one thread at a time; different ones at the same time
 *   nic_encoder, nic_decoder     with their context: one thread at a time for the context and all that is made from it
 *   nic_image, nic_info, ...     plain data; libnic keeps no pointer to them after a call, but for bytes that
 *                                nic_decoder_open borrows
 *   functions without a context  any time, any thread
 *
 * How the interface grows. Programs built against one version run with later ones of the same SONAME, and with earlier
 * ones as far as those know what is asked for:
 *   Objects are opaque: nic_context, nic_encoder, nic_decoder.
 *   Parameters and codes are numbers that never change; an unknown parameter gives NIC_INVALID_ARGUMENT.
 *   Structs with struct_size in front (nic_context_options, nic_event) get new fields at their end. NIC_..._INIT sets
 *     the size. A library that knows more than the program takes its own defaults for what is not there, and writes
 *     nothing behind the program's size; one that knows less takes what it does not know if it is 0, which is always
 *     the default, and says NIC_UNSUPPORTED_FEATURE otherwise; in what it writes such fields stay as they were.
 *   Structs with reserved fields (nic_limits, nic_info, nic_slice_info, nic_encode_result, nic_model_info) keep their
 *     size: new fields take reserved places. In what a program gives they must be 0, which is the default of whatever
 *     comes to stand there, or NIC_UNSUPPORTED_FEATURE is returned; in what it is given, 0 says that the library knows
 *     nothing of it.
 *   All other structs (nic_image, nic_error, nic_bounds, nic_allocator, nic_executor) stay as they are; what more may
 *     be wanted comes with functions of its own. */
#ifndef NIC_NIC_H
#define NIC_NIC_H

#include "nic/context.h"
#include "nic/decode.h"
#include "nic/encode.h"
#include "nic/image.h"
#include "nic/status.h"

#define NIC_VERSION_MAJOR 0
#define NIC_VERSION_MINOR 1
#define NIC_VERSION_PATCH 0

#endif
