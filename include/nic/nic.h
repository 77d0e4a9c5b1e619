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
 * Thread safety: different contexts may be used at the same time; one context, and the encoders and decoders made from
 * it, by one thread at a time. Functions that take no context may be called at any time. */
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
