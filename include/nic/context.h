/* The surroundings of encoding and decoding: threads, memory, limits, messages, models.
 *
 * Simple programs need no context: nic_decode and nic_encode take NULL in its place and make one for the call. A
 * program that handles many pictures makes one and keeps it, since unpacking and proving a model costs about as much as
 * a small picture:
 *
 *   nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
 *   nic_context *context;
 *   options.threads = 1;
 *   options.limits.max_pixels = 50000000;
 *   if (nic_context_new(&options, &context, &error)) return fail(error.message);
 *   ...
 *   nic_context_free(context);
 *
 * A context owns
 *   its threads       as many as processors, `threads`, or the caller's (nic_executor); never more than one call's
 *   its memory        all that depends on input, counted against max_memory, from malloc or the caller (nic_allocator)
 *   limits            what a file may ask for; sane for a desktop, less is right for a server
 *   models            the embedded one, those of NIC_MODEL_PATH and of the installation, those added
 * and calls, where they are given, nic_progress and nic_log.
 *
 * Ownership: options are copied; strings and packages in them, too. Whatever nic_encode and nic_decode return is freed
 * by nic_free with the same context. Encoders and decoders are freed before their context.
 *
 * Threads: a context, with all that is made from it, is used by one thread at a time, which need not be always the
 * same. Different contexts may be used at the same time; nothing is shared among them. Without a context nic_version
 * may be called at any time. Results never depend on the number of threads, on the executor or on `target`. */
#ifndef NIC_CONTEXT_H
#define NIC_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "nic/export.h"
#include "nic/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The offset of an error that concerns no byte of the input. */
#define NIC_NO_OFFSET UINT64_MAX

/* What went wrong, beside the status code. Its size is fixed. Filled by the functions that take one; every such
 * parameter may be NULL. */
typedef struct nic_error {
  nic_status status;
  uint64_t offset;   /* byte of the input that the error concerns, or NIC_NO_OFFSET */
  char message[192]; /* one line without a full stop; names the field; empty after success */
} nic_error;

/* Limits on what a file or picture may ask for. Decoder and encoder both honour them: what one refuses to read, the
 * other refuses to write. 0 means the default. */
typedef struct nic_limits {
  uint64_t max_pixels;   /* width x height; default 2^28 (268 megapixels) */
  uint32_t max_side;     /* width and height each; default 65535 */
  uint64_t max_memory;   /* bytes held at once by one context, the caller's own buffers not counted; default 2 GiB */
  uint64_t max_metadata; /* bytes of metadata in a file; default 64 MiB */
  /* Operations that decoding a picture or region may take, in units of one multiply-accumulate:
   * nic_model_info.decode_work for each pixel, rows and columns rounded up to whole latents. The default depends on the
   * size of the file: 7 * 10^11, and 10^7 more for each byte beyond 10^6. Thus a file below 1 MB keeps one core with
   * AVX2 busy for less than 10 s. With nic-fast that is any picture up to 65 megapixels however plain, 100 megapixels
   * from 1.04 MB on, and max_pixels from 1.22 MB on. UINT64_MAX: no limit. */
  uint64_t max_work;
  uint64_t reserved[3]; /* 0; NIC_UNSUPPORTED_FEATURE otherwise */
} nic_limits;

/* The caller's allocator, of fixed size. `allocate` returns NULL on failure, blocks aligned for any fundamental type.
 * Both are called from several threads at once. */
typedef struct nic_allocator {
  void *(*allocate)(void *user, size_t bytes);
  void (*release)(void *user, void *block);
  void *user;
} nic_allocator;

/* The caller's threads instead of libnic's own, of fixed size. `run` calls task(context, i) for every i in [0, count),
 * in any order and thread, and returns when all have returned. `width` tells how many run at once; results never depend
 * on it. One picture takes some thousand calls with tasks of microseconds: an executor whose calls cost more than that
 * does better with a context for each of its threads. */
typedef struct nic_executor {
  void (*run)(void *user, size_t count, void (*task)(void *context, size_t index), void *context);
  size_t width;
  void *user;
} nic_executor;

/* Called now and then from the thread that called libnic, `fraction` rising from 0 to 1. A result other than 0 stops
 * the call, which returns NIC_CANCELLED. */
typedef int (*nic_progress)(void *user, double fraction);

/* How much a message of the log matters. */
typedef enum nic_log_level {
  NIC_LOG_WARNING = 1, /* something was not as it should be, and the call went on without it */
  NIC_LOG_INFO = 2,    /* what was chosen and loaded: at most a few messages for each call */
  NIC_LOG_DEBUG = 3    /* steps of the work, for instance each rate that is tried on the way to a target */
} nic_log_level;

/* Takes a message: one line without its end, valid during the call. Called from the thread that called libnic, while
 * that call lasts, and never by two threads at once with the same context; it must not call libnic with that context.
 * What makes a call fail is no message: nic_error tells it. Wording is for people and may change with any version. */
typedef void (*nic_log)(void *user, nic_log_level level, const char *message);

/* How a context is made. Set struct_size to sizeof(nic_context_options) and everything unused to 0 - the macro does. */
typedef struct nic_context_options {
  size_t struct_size;
  uint32_t threads;        /* 0: one for each processor; ignored with an executor */
  nic_limits limits;       /* copied */
  nic_allocator allocator; /* copied; all 0: malloc and free */
  nic_executor executor;   /* copied; all 0: libnic's own threads */
  nic_progress progress;   /* or NULL */
  void *progress_user;
  const char *target; /* vector instructions: "scalar", "sse4", "avx2", "avx512", "neon"; NULL: the environment
                         variable NIC_TARGET, or else the best that the processor has. Never changes a result */
  nic_log log;        /* or NULL */
  void *log_user;
} nic_context_options;
#define NIC_CONTEXT_OPTIONS_INIT                                                                                       \
  {                                                                                                                    \
    sizeof(nic_context_options), 0, {0, 0, 0, 0, 0, {0, 0, 0}}, {NULL, NULL, NULL}, {NULL, 0, NULL}, NULL, NULL, NULL, \
        NULL, NULL                                                                                                     \
  }

/* Owns the threads and the models loaded so far. May be used from one thread at a time; use one context for each
 * thread that encodes or decodes. */
typedef struct nic_context nic_context;

/* Makes a context. `options` may be NULL. On success the caller owns *context and gives it to nic_context_free; on
 * failure *context is NULL. NIC_INVALID_ARGUMENT for a target that is unknown or that this processor lacks. */
NIC_API nic_status nic_context_new(const nic_context_options *options, nic_context **context, nic_error *error);

/* Frees a context; NULL is allowed. Its encoders and decoders must have been freed before. */
NIC_API void nic_context_free(nic_context *context);

/* The most bytes that the context has held at once since it was made. */
NIC_API uint64_t nic_context_peak_memory(const nic_context *context);

/* Adds a model package (the bytes of a .nicm file) to the context. The bytes are copied. The package serves the files
 * that name its digest and, if encoders select it, encoding; a package that is there already is not added again.
 * *id receives its model id and *digest its digest; both may be NULL. */
NIC_API nic_status nic_context_add_model(nic_context *context, const void *bytes, size_t size, uint32_t *id,
                                         uint64_t *digest, nic_error *error);

/* A model that a context can use. */
typedef struct nic_model_info {
  uint32_t id;
  uint32_t version;
  uint64_t digest; /* a .nic file holds the low 24 bits */
  char name[65];
  uint32_t levels;    /* gain levels: 0 .. levels - 1 */
  double decode_macs; /* multiply-accumulates for each pixel to decode */
  double decode_work; /* these and all other operations, as nic_limits.max_work counts them */
  int is_default;
  uint32_t reserved32;
  uint64_t reserved[8]; /* 0 */
} nic_model_info;

/* Describes model number `index` of those embedded, added to this context, or found in NIC_MODEL_PATH (folders
 * separated by ':') and in the install's data folder. NIC_INVALID_ARGUMENT past the last. */
NIC_API nic_status nic_context_model(nic_context *context, size_t index, nic_model_info *info, nic_error *error);

/* Frees memory that libnic handed out (nic_encode, nic_decode) with the context, or NULL, that made it. */
NIC_API void nic_free(nic_context *context, void *block);

/* The version of the library that runs, as in "0.1.0"; static. */
NIC_API const char *nic_version(void);

#ifdef __cplusplus
}
#endif

#endif
