/* From pixels to .nic bytes. The same picture, parameters and limits give the same bytes on every machine (efforts 1
 * to 5).
 *
 * Simple: nic_encode takes pixels and a quality.
 *
 *   const nic_image image = {width, height, NIC_RGB8, (size_t)width * 3, pixels};
 *   if (nic_encode(NULL, &image, 60, &bytes, &size, &error)) return fail(error.message);
 *   write(bytes, size);
 *   nic_free(NULL, bytes);
 *
 * With a nic_encoder: one of five ways to say the rate, effort, model, slices (nic_encoder_bounds tells what each
 * parameter may be, and which has a preset), metadata, a mask of what matters more:
 *
 *   nic_encoder_new(context, &encoder, &error);
 *   if (nic_encoder_set(encoder, NIC_ENCODER_TARGET_SIZE, 100000) ||
 *       nic_encoder_set_metadata(encoder, NIC_METADATA_ICC, profile, profile_size) ||
 *       nic_encoder_encode(encoder, &image, 0, &bytes, &size, &result))
 *     return fail(nic_encoder_error(encoder)->message);
 *
 * Streaming: nic_encoder_begin, nic_encoder_push_rows and nic_encoder_finish take a picture row by row (below), in
 * memory that does not grow with its height.
 *
 * Ownership: pixels, metadata and masks are read during the call and not kept. What nic_encode returns is the caller's
 * and goes to nic_free; what an encoder returns is the encoder's and valid until its next call. After a failure nothing
 * has to be freed, the picture is given up, and parameters are as they were.
 *
 * Errors: the last call's stands in nic_encoder_error; the context's limits hold for what is written, too.
 *
 * Threads: an encoder belongs to its context and is used by one thread at a time together with it;
 * nic_encoder_finish_early alone may be called from any thread and from a signal handler. nic_encode with NULL and
 * nic_encoder_bounds may be called at any time from any thread. */
#ifndef NIC_ENCODE_H
#define NIC_ENCODE_H

#include "nic/image.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nic_encoder_parameter {
  /* The rate: at most one of these five may be set. Without any, quality 60. */
  NIC_ENCODER_QUALITY = 1,     /* 0..100, may have a fraction: from the model's lowest gain to its highest */
  NIC_ENCODER_GAIN_LEVEL = 2,  /* whole: the level s itself, 0 .. levels - 1 */
  NIC_ENCODER_TARGET_SIZE = 3, /* bytes of the whole file: the largest file that is no larger */
  NIC_ENCODER_TARGET_BPP = 4,  /* the same, as bits for each pixel */
  NIC_ENCODER_TARGET_PSNR = 5, /* dB over all samples: the smallest file that reaches it */

  NIC_ENCODER_INTERPOLATION = 6, /* with NIC_ENCODER_GAIN_LEVEL only: l / 256 as a number in 0 .. 255/256 */
  NIC_ENCODER_EFFORT = 7,        /* 1..9; default 3. From 2 on alpha is compressed in several ways, and the smallest
                                    stays. From 4 on the whole picture is held in memory. From 6 on a plug-in
                                    searches by gradient descent, for minutes rather than milliseconds:
                                    NIC_UNSUPPORTED_FEATURE where it is not installed, and with a mask */
  NIC_ENCODER_MODEL_ID = 8,      /* of a model known to the context; default: the embedded one */
  NIC_ENCODER_SLICE_SIDE = 9,    /* pixels: 64, 128, 256, ... 2097152; default 1024 */
  NIC_ENCODER_PREMULTIPLIED = 10 /* 0 or 1: the colours are premultiplied by alpha; default 0; a note in the file */
} nic_encoder_parameter;

/* What encoding came to; written by libnic alone. */
typedef struct nic_encode_result {
  uint64_t size; /* bytes of the file */
  double bpp;
  double psnr; /* dB over all samples but alpha; NaN unless it was asked for (NIC_ENCODER_TARGET_PSNR, or measure) */
  uint32_t gain_level;
  uint32_t interpolation;
  int target_missed;    /* 1 if a target lies outside what the model can reach: the file is the nearest end */
  double psnr_inside;   /* like psnr, over the blocks of 8 x 8 pixels in which the mask of nic_encoder_set_roi is bright
                           by more than half; NaN without a mask or such blocks */
  double psnr_outside;  /* over the other blocks; NaN without a mask or such blocks */
  double estimated_bpp; /* like bpp, with the latents at what their symbols cost under the model's tables instead of the
                           bytes of their streams: the difference is the entropy coder's loss */
  uint64_t reserved[8]; /* 0 */
} nic_encode_result;

/* What encodes, with parameters, metadata and mask for the pictures to come. */
typedef struct nic_encoder nic_encoder;

/* One shot: encodes at a quality of 0..100. `context` may be NULL. On success *bytes is new memory that the caller
 * frees with nic_free(context, *bytes); on failure it is NULL. */
NIC_API nic_status nic_encode(nic_context *context, const nic_image *image, double quality, uint8_t **bytes,
                              size_t *size, nic_error *error);

/* Makes an encoder with every parameter at its preset. On success the caller owns *encoder and gives it to
 * nic_encoder_free before its context; on failure it is NULL. */
NIC_API nic_status nic_encoder_new(nic_context *context, nic_encoder **encoder, nic_error *error);
/* Frees an encoder; NULL is allowed. */
NIC_API void nic_encoder_free(nic_encoder *encoder);

/* Tells what a parameter may be. NIC_INVALID_ARGUMENT for an unknown one. May be called at any time from any thread. */
NIC_API nic_status nic_encoder_bounds(nic_encoder_parameter parameter, nic_bounds *bounds);

/* NIC_INVALID_ARGUMENT for an unknown parameter or a value out of bounds, NIC_WRONG_STATE for a second rate. Parameters
 * stay set for later pictures; nic_encoder_reset forgets them all. */
NIC_API nic_status nic_encoder_set(nic_encoder *encoder, nic_encoder_parameter parameter, double value);
NIC_API void nic_encoder_reset(nic_encoder *encoder);

/* Gives metadata for the files to come: `size` bytes, copied; 0 for none. NIC_LIMIT_METADATA beyond the context's
 * limit, NIC_INVALID_ARGUMENT for a NIC_METADATA_CICP of other bytes than its. nic_encoder_reset forgets it. */
NIC_API nic_status nic_encoder_set_metadata(nic_encoder *encoder, nic_metadata kind, const void *bytes, size_t size);

/* Gives a mask for the pictures to come, a NIC_GREY8 or NIC_GREY16 image of their size: where it is black they have the
 * rate that the parameters ask for, where it is white a rate `strength` gain levels above (0.125 .. 15, in steps of
 * 1/8; no higher than the model's highest level), in between what lies in between. The file grows accordingly; a target
 * holds for the whole file. The mask is read here and not needed afterwards. NULL for none, as does nic_encoder_reset.
 * Encoding a picture of another size says NIC_INVALID_ARGUMENT. */
NIC_API nic_status nic_encoder_set_roi(nic_encoder *encoder, const nic_image *mask, double strength);

/* Encodes a picture, which is read only. Alpha is kept exactly; the colour of pixels whose alpha is 0 is not. The bytes
 * belong to the encoder and are valid until its next call; `result` may be NULL. `measure`: 1 to have result->psnr
 * whatever the rate, which costs a synthesis. */
NIC_API nic_status nic_encoder_encode(nic_encoder *encoder, const nic_image *image, int measure, const uint8_t **bytes,
                                      size_t *size, nic_encode_result *result);

/* The same with rows that come piece by piece, for pictures that are not to be held in memory. The bytes equal those of
 * nic_encoder_encode, however the rows are cut.
 *
 *   nic_encoder_begin(encoder, width, height, NIC_RGB8, 0);
 *   while (more rows) nic_encoder_push_rows(encoder, pixels, stride, rows);
 *   nic_encoder_finish(encoder, &bytes, &size, &result);
 *
 * At a quality or a gain level, and an effort of 1 to 3, memory does not grow with the picture's height: some rows of
 * slices are held, and the file. The targets need the whole picture's analysis, about 2.5 bytes for each pixel with the
 * default model, and NIC_ENCODER_TARGET_PSNR, or measuring with a target, its colours as well. Efforts from 4 on need
 * the colours and four times the analysis. A call that fails gives the picture up, and so do beginning or encoding
 * another, nic_encoder_set_roi and nic_encoder_reset. */

/* Begins a picture. Parameters are taken as they are set now, metadata as they are set at nic_encoder_finish. */
NIC_API nic_status nic_encoder_begin(nic_encoder *encoder, uint32_t width, uint32_t height, nic_pixel_format format,
                                     int measure);
/* Takes the next `rows` rows, from the top down, `stride` bytes apart; they are the caller's again after the call.
 * NIC_WRONG_STATE if no picture is begun, NIC_INVALID_ARGUMENT for more rows than are left. */
NIC_API nic_status nic_encoder_push_rows(nic_encoder *encoder, const uint8_t *pixels, size_t stride, uint32_t rows);
/* Ends the picture; as nic_encoder_encode. NIC_WRONG_STATE if rows are missing. */
NIC_API nic_status nic_encoder_finish(nic_encoder *encoder, const uint8_t **bytes, size_t *size,
                                      nic_encode_result *result);

/* Ends the search (effort 6 to 9) of the picture under work, or where none is, of the next: it goes on with the best
 * found so far and succeeds. May be called from a signal handler and any thread; without a search it does nothing. */
NIC_API void nic_encoder_finish_early(nic_encoder *encoder);

/* The last call's error; valid until the next call with this encoder. */
NIC_API const nic_error *nic_encoder_error(const nic_encoder *encoder);

#ifdef __cplusplus
}
#endif

#endif
