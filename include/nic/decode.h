/* From .nic bytes to pixels. Every decoder gives the same pixels for the same file, on every machine.
 *
 * Simple: nic_decode takes a whole file and gives new pixels in the file's own format.
 *
 *   nic_image image;
 *   if (nic_decode(NULL, bytes, size, &image, &error)) return fail(error.message);
 *   show(image.pixels, image.width, image.height, image.format);
 *   nic_free(NULL, image.pixels);
 *
 * With a nic_decoder the caller sees the size first and provides the memory, or takes rows as they are ready; sets
 * parameters (nic_decoder_bounds tells what they may be); decodes a region from the slices that it needs:
 *
 *   nic_decoder_new(context, &decoder, &error);
 *   nic_decoder_set(decoder, NIC_DECODER_FORMAT, NIC_RGBA8);
 *   if (nic_decoder_open(decoder, bytes, size)) return fail(nic_decoder_error(decoder)->message);
 *   nic_decoder_info(decoder, &info);
 *   nic_decoder_decode(decoder, &image);
 *   nic_decoder_free(decoder);
 *
 * Streaming: nic_decoder_push takes bytes as they arrive, and nic_decoder_next tells what they allow (below).
 *
 * Ownership: bytes given to nic_decoder_open are borrowed until the next file, pushed bytes are copied. Pixels are the
 * caller's; what the decoder hands out - metadata, rows, its error - stays its own and is valid as each call says.
 * After a failure nothing has to be freed, and the decoder can open another file.
 *
 * Errors: the last call's stands in nic_decoder_error, with the byte of the file and the field. Nothing is shown that
 * does not match its check; NIC_DECODER_KEEP_GOING puts grey where slices are damaged or missing.
 *
 * Threads: a decoder belongs to its context and is used by one thread at a time together with it. nic_decode with NULL
 * and nic_decoder_bounds may be called at any time from any thread. Callbacks run in the calling thread. */
#ifndef NIC_DECODE_H
#define NIC_DECODE_H

#include "nic/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One shot: decodes a whole file. `context` may be NULL: one with default options serves for the call.
 * On success image->pixels is new memory, rows without gaps, which the caller frees with nic_free(context, pixels).
 * On failure image->pixels is NULL. A damaged slice fails the call. */
NIC_API nic_status nic_decode(nic_context *context, const void *bytes, size_t size, nic_image *image, nic_error *error);

/* The object behind it, for options, rows as they come, and many files. One picture at a time. */
typedef struct nic_decoder nic_decoder;

typedef enum nic_decoder_parameter {
  NIC_DECODER_KEEP_GOING = 1, /* 0 or 1: a damaged or missing slice is decoded as if its latents were the picture's
                                 neutral grey, and decoding goes on; default 0 */
  NIC_DECODER_FORMAT = 2,     /* a nic_pixel_format, or 0 for the file's own; default 0. Alpha is dropped if the
                                 format has none, and opaque where the file has none. 16 bits may be asked for of a file
                                 of 8 bits too: decoding computes finer than that */
  NIC_DECODER_SCALE = 3       /* 1, 8 or 16: the result is a picture so many times smaller, nic_scaled_side of either
                                 side; default 1. A third of the work where the model's package has networks for it,
                                 otherwise each pixel is the mean of those that it stands for, at the cost of them all.
                                 Alpha is averaged, the colours are not weighted by it. Not together with a region */
} nic_decoder_parameter;

/* The length of a side, in pixels, of a picture that is decoded with NIC_DECODER_SCALE. */
static inline uint32_t nic_scaled_side(uint32_t side, uint32_t scale) { return side / scale + (side % scale != 0); }

NIC_API nic_status nic_decoder_new(nic_context *context, nic_decoder **decoder, nic_error *error);
NIC_API void nic_decoder_free(nic_decoder *decoder); /* NULL is allowed */

/* Tells what a parameter may be. NIC_DECODER_FORMAT allows no more than the numbers of nic_pixel_format, and 0, within
 * its bounds, NIC_DECODER_SCALE no more than 1, 8 and 16. NIC_INVALID_ARGUMENT for an unknown parameter. May be called
 * at any time from any thread. */
NIC_API nic_status nic_decoder_bounds(nic_decoder_parameter parameter, nic_bounds *bounds);

/* NIC_INVALID_ARGUMENT for an unknown parameter or a value out of bounds. Parameters stay set for later files. */
NIC_API nic_status nic_decoder_set(nic_decoder *decoder, nic_decoder_parameter parameter, double value);

/* Begins a file: reads its header and finds its model. The bytes are borrowed until the next nic_decoder_open or
 * nic_decoder_free. A file that is cut inside its slices opens well; decoding it says NIC_TRUNCATED. */
NIC_API nic_status nic_decoder_open(nic_decoder *decoder, const void *bytes, size_t size);

/* What the opened file says. */
NIC_API nic_status nic_decoder_info(const nic_decoder *decoder, nic_info *info);

/* Restricts decoding of the opened file to a rectangle of pixels, until the next nic_decoder_open. Only the slices that
 * it needs are read, and the pixels equal those of the whole picture. NIC_INVALID_ARGUMENT if it is empty or does not
 * lie inside the picture, or if NIC_DECODER_SCALE is set. */
NIC_API nic_status nic_decoder_set_region(nic_decoder *decoder, uint32_t x, uint32_t y, uint32_t width,
                                          uint32_t height);

/* Gives metadata of the opened file: *bytes is NULL and *size 0 if it has none of that kind. The bytes belong to the
 * decoder and are valid until the next nic_decoder_open or nic_decoder_free. */
NIC_API nic_status nic_decoder_metadata(nic_decoder *decoder, nic_metadata kind, const uint8_t **bytes, size_t *size);

/* Tells whether the colours of the opened file are premultiplied by its alpha; 0 for a file without alpha. */
NIC_API nic_status nic_decoder_premultiplied(nic_decoder *decoder, int *premultiplied);

/* Decodes the opened file into the caller's pixels: width and height of `image` must be the picture's, the region's or
 * the scaled ones, its format the file's or NIC_DECODER_FORMAT's, or NIC_INVALID_ARGUMENT. After a failure the pixels
 * are undefined, except with NIC_DECODER_KEEP_GOING: then NIC_SLICE_DAMAGED or NIC_TRUNCATED comes with all pixels
 * written. */
NIC_API nic_status nic_decoder_decode(nic_decoder *decoder, const nic_image *image);

/* Takes rows of the picture, region or scaled picture: `rows` of them from `y`, counted from its first, `stride` bytes
 * apart, valid during the call only. A result other than 0 stops decoding with NIC_IO. */
typedef int (*nic_rows_callback)(void *user, uint32_t y, uint32_t rows, const uint8_t *pixels, size_t stride);

/* The same, handing out rows from the top down as they are ready and never holding the whole picture. A row
 * comes once the slices that it depends on are decoded and checked; damage further down, or in alpha, may thus end the
 * call after rows have come. Memory does not grow with the picture's height: nic_decoder_memory tells how much. */
NIC_API nic_status nic_decoder_decode_rows(nic_decoder *decoder, nic_rows_callback callback, void *user);

/* Tells about how many bytes of memory the context will hold while the opened file, or the region of it, is decoded by
 * nic_decoder_decode_rows, or by nic_decoder_decode with the image not counted: models and all. It depends on the
 * width, the side of the slices and the context's threads, not on the height. */
NIC_API nic_status nic_decoder_memory(nic_decoder *decoder, uint64_t *bytes);

/* A file that arrives in pieces, from a network or a pipe: bytes are pushed in as they come, of any number, and
 * nic_decoder_next tells what they allow. Pixels are the same as from nic_decoder_decode, however the file was cut.
 *
 *   nic_decoder_begin_push(decoder);
 *   for (;;) {
 *     nic_event event = NIC_EVENT_INIT;
 *     if (nic_decoder_next(decoder, &event)) return fail(nic_decoder_error(decoder)->message);
 *     if (event.type == NIC_EVENT_DONE) break;
 *     if (event.type == NIC_EVENT_ROWS) show(event.y, event.rows, event.pixels, event.stride);
 *     if (event.type != NIC_EVENT_NEED_MORE) continue;
 *     size = receive(bytes);
 *     if (size) nic_decoder_push(decoder, bytes, size);
 *     else nic_decoder_end_push(decoder);
 *   }
 *
 * The work is done in nic_decoder_next, a slice or a strip of rows at a time. A file that ends too early gives the
 * slices that arrived, the rows above the first that is missing, and then NIC_TRUNCATED; with NIC_DECODER_KEEP_GOING
 * all rows come before, grey where slices are missing. A damaged slice ends the rows in the same way with
 * NIC_SLICE_DAMAGED. */
typedef enum nic_event_type {
  NIC_EVENT_NEED_MORE = 0, /* nothing more to tell before more bytes, or the end, are pushed */
  NIC_EVENT_HEADER = 1,    /* the header is there: nic_decoder_info tells width, height and all that it says */
  NIC_EVENT_METADATA = 2,  /* metadata of kind `metadata` are there, for nic_decoder_metadata */
  NIC_EVENT_PICTURE = 3,   /* all that stands before the slices is there: nic_decoder_info tells alpha and sizes; a
                              region or scale may still be set, until the next call */
  NIC_EVENT_SLICE = 4,     /* slice number `slice` is decoded; `damaged` only with NIC_DECODER_KEEP_GOING */
  NIC_EVENT_ROWS = 5,      /* `rows` rows from `y` on, from the top down as with nic_rows_callback */
  NIC_EVENT_DONE = 6       /* all rows were told */
} nic_event_type;

typedef struct nic_event {
  size_t struct_size; /* sizeof(nic_event) - NIC_EVENT_INIT sets it */
  nic_event_type type;
  nic_metadata metadata;
  uint64_t slice; /* from left to right, then down, from 0 */
  int damaged;
  uint32_t y; /* of the picture, region or scaled picture, from 0 */
  uint32_t rows;
  const uint8_t *pixels; /* valid until the next call with the decoder */
  size_t stride;         /* bytes from a row to the next */
} nic_event;
#define NIC_EVENT_INIT \
  { sizeof(nic_event), NIC_EVENT_NEED_MORE, NIC_METADATA_ICC, 0, 0, 0, 0, NULL, 0 }

/* Begins such a file, in place of nic_decoder_open. Parameters are as for whole files; nic_decoder_info,
 * nic_decoder_metadata, nic_decoder_set_region and nic_decoder_damaged_slices serve from NIC_EVENT_HEADER on. */
NIC_API nic_status nic_decoder_begin_push(nic_decoder *decoder);
/* Takes the next `size` bytes, which are copied. NIC_WRONG_STATE if no file is begun or it has been ended; the failure
 * that nic_decoder_next has told, if any. */
NIC_API nic_status nic_decoder_push(nic_decoder *decoder, const void *bytes, size_t size);
/* Says that no more bytes will come. Not needed where the file is whole, but bytes behind its end are only looked for
 * where more are pushed. */
NIC_API nic_status nic_decoder_end_push(nic_decoder *decoder);
/* Tells the next event. A failure is final and is told again until another file is begun. */
NIC_API nic_status nic_decoder_next(nic_decoder *decoder, nic_event *event);

/* How many of the slices that the last decoding needed were damaged or missing. */
NIC_API uint64_t nic_decoder_damaged_slices(const nic_decoder *decoder);

/* The last call's error; valid until the next call with this decoder. */
NIC_API const nic_error *nic_decoder_error(const nic_decoder *decoder);

#ifdef __cplusplus
}
#endif

#endif
