/* What calls return: status codes, in bands of a hundred.
 *
 * Nearly every function returns a nic_status; NIC_OK is 0, so that `if (nic_...(...))` asks for failure. Functions that
 * make something, or read a file's header, also fill a nic_error (nic/context.h) with the byte of the input and a
 * message; encoders and decoders keep theirs for nic_encoder_error and nic_decoder_error.
 *
 * Values are pinned: a code never changes its number, and new codes go into the gaps of their band. A program may
 * branch on the band alone:
 *
 *   switch (nic_status_band(status)) {
 *     case 0: return show(image);
 *     case 200: return say("this is no valid .nic file");
 *     case 300: return wait_for_more();
 *     case 400: return say("a newer nic, or a model, is needed");
 *     case 500: return say("larger than allowed here");
 *   }
 *
 * Who frees what after a failure: nothing is handed out, and whatever the caller had before is still the caller's.
 * Objects stay usable.
 *
 * Threads: both functions may be called at any time from any thread. */
#ifndef NIC_STATUS_H
#define NIC_STATUS_H

#include "nic/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nic_status {
  NIC_OK = 0,

  /* 100..199: the caller's arguments or the order of calls. */
  NIC_INVALID_ARGUMENT = 100, /* a null pointer, a value out of its bounds, a struct whose size cannot be */
  NIC_BUFFER_TOO_SMALL = 101, /* the output buffer cannot hold the picture */
  NIC_WRONG_STATE = 102,      /* the call does not fit what the object has done so far */

  /* 200..299: the bytes are not a .nic file, or not a valid one. */
  NIC_NOT_NIC = 200,        /* the signature is absent */
  NIC_MALFORMED = 201,      /* a field has a value that the specification forbids */
  NIC_HEADER_DAMAGED = 202, /* the header does not match its check */

  /* 300..399: the bytes end too early. */
  NIC_TRUNCATED = 300,

  /* 400..499: a valid file that this build or installation cannot decode. */
  NIC_UNSUPPORTED_VERSION = 400, /* container version */
  NIC_UNSUPPORTED_FEATURE = 401, /* a critical element or header value from a later minor version; a field that only a
                                    later library knows; a search whose plug-in is absent */
  NIC_MODEL_MISSING = 402,       /* no package with the file's model id and digest was found */
  NIC_MODEL_MALFORMED = 403,     /* a model package that breaks the package format */
  NIC_MODEL_UNSAFE = 404,        /* a model package whose arithmetic cannot be proven free of overflow */
  NIC_MODEL_MISMATCH = 405,      /* the package given is not the one that the file was made with */

  /* 500..599: a limit; see nic_limits. */
  NIC_LIMIT_PIXELS = 500,
  NIC_LIMIT_SIDE = 501,
  NIC_LIMIT_MEMORY = 502,
  NIC_LIMIT_METADATA = 503,
  NIC_LIMIT_WORK = 504,

  /* 600..699: damage inside the picture. */
  NIC_SLICE_DAMAGED = 600, /* a slice does not decode, or its latents do not match their check */

  /* 700..799: the surroundings. */
  NIC_OUT_OF_MEMORY = 700,
  NIC_CANCELLED = 701, /* the progress callback asked to stop */
  NIC_IO = 702,        /* a callback that reads or writes reported failure */

  /* 900..999: a bug in libnic. */
  NIC_INTERNAL = 900
} nic_status;

/* The first code of the hundred that `status` lies in: 0, 100, 200, ... */
static inline int nic_status_band(nic_status status) { return (int)status / 100 * 100; }

/* The name of a code, for instance "NIC_TRUNCATED"; "unknown status" for a number that is none.
 * The string is static. */
NIC_API const char *nic_status_name(nic_status status);

#ifdef __cplusplus
}
#endif

#endif
