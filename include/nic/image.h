/* Pixels in memory, and what a file says of its picture.
 *
 * A nic_image tells where pixels lie; it never owns them. For a decoder the caller provides the memory:
 *
 *   nic_image image = {width, height, NIC_RGB8, (size_t)width * 3, pixels};
 *
 * A file's header can be read without decoding it, and without its model, from its first bytes alone:
 *
 *   nic_info info;
 *   status = nic_read_info(bytes, size, NULL, &info, &error);
 *   if (status == NIC_OK || (status == NIC_TRUNCATED && info.width)) show_size(info.width, info.height);
 *
 * nic_read_metadata gives ICC profile, Exif, XMP and CICP in the same way, nic_read_slices where the slices lie. These
 * functions take no context; `limits` may be NULL for the defaults, and memory comes from malloc while they run.
 *
 * Ownership: bytes are borrowed during the call. After a failure the result is zero, but for NIC_TRUNCATED, which comes
 * with all that could be known.
 *
 * Threads: all functions here may be called at any time from any thread. */
#ifndef NIC_IMAGE_H
#define NIC_IMAGE_H

#include "nic/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Samples interleaved, rows from the top, alpha last. Those of 8 bits are bytes, 0 .. 255; those of 16 bits are
 * uint16_t in the machine's byte order, 0 .. 65535. The low four bits of the number are the count of channels, 16
 * stands for 16 bits. */
typedef enum nic_pixel_format {
  NIC_GREY8 = 1,
  NIC_GREY_ALPHA8 = 2,
  NIC_RGB8 = 3,
  NIC_RGBA8 = 4,
  NIC_GREY16 = 17,
  NIC_GREY_ALPHA16 = 18,
  NIC_RGB16 = 19,
  NIC_RGBA16 = 20
} nic_pixel_format;

/* Channels of a pixel, 1 .. 4. */
static inline uint32_t nic_format_channels(nic_pixel_format format) { return (uint32_t)format & 15; }
/* Bits of a sample, 8 or 16. */
static inline uint32_t nic_format_depth(nic_pixel_format format) { return (uint32_t)format & 16 ? 16 : 8; }
/* Bytes of a pixel, 1 .. 8. */
static inline uint32_t nic_format_bytes(nic_pixel_format format) {
  return nic_format_channels(format) * nic_format_depth(format) / 8;
}

/* Metadata that a file may carry. It never changes pixels. */
typedef enum nic_metadata {
  NIC_METADATA_ICC = 0x81,  /* an ICC profile */
  NIC_METADATA_EXIF = 0x82, /* Exif, beginning with the TIFF header */
  NIC_METADATA_XMP = 0x83,  /* an XMP packet */
  NIC_METADATA_CICP = 0x84  /* the colours by code points of ITU-T H.273, 4 bytes as in PNG's chunk cICP: colour
                               primaries, transfer characteristics, matrix coefficients (0), full range (0 or 1); for
                               instance 9, 16, 0, 1 for BT.2020 with PQ. Goes before an ICC profile */
} nic_metadata;

/* A picture in memory. Its size is fixed. */
typedef struct nic_image {
  uint32_t width;  /* 1 .. */
  uint32_t height; /* 1 .. */
  nic_pixel_format format;
  size_t stride;   /* bytes from a row to the next, at least width x nic_format_bytes(format); even for 16 bits */
  uint8_t *pixels; /* at an even address for 16 bits */
} nic_image;

/* What a parameter of an encoder or decoder may be. Its size is fixed. */
typedef struct nic_bounds {
  double lowest;
  double highest;
  double preset; /* NaN where absence means "not set" */
  int whole;     /* 1 if only whole numbers are allowed */
} nic_bounds;

/* What the header of a .nic file says, and how its bytes are spent. */
typedef struct nic_info {
  uint32_t width;
  uint32_t height;
  nic_pixel_format format; /* how the picture is coded and decodes by default */
  uint32_t bit_depth;      /* 8 or 16 */
  int has_alpha;
  uint32_t container_major;
  uint32_t container_minor;
  uint32_t model_id;
  uint32_t model_digest;  /* the low 24 bits of the package's digest */
  uint32_t gain_level;    /* s */
  uint32_t interpolation; /* l of 256: the rate lies l / 256 of the way from level s to level s + 1 */
  uint32_t lanes;         /* interleaved entropy coder states */
  uint32_t slice_side;    /* pixels */
  uint32_t slice_columns;
  uint32_t slice_rows;
  uint64_t file_size;     /* bytes of the file as its fields say, even if fewer were given */
  uint64_t header_size;   /* all that is neither metadata, alpha, gain map nor coded latents */
  uint64_t metadata_size; /* elements that do not change pixels, their type and length included */
  uint64_t alpha_size;    /* the alpha element, its type and length included */
  uint64_t hyper_size;    /* coded hyper-latents of all slices */
  uint64_t latent_size;   /* coded latents of all slices */
  uint64_t gain_map_size; /* the gain map, its type and length included; 0 if the whole picture has one rate */
  uint64_t reserved[8];   /* 0 */
} nic_info;

/* Tells how many bytes of metadata of a kind a file carries, once unpacked: *content_size, 0 without any. Needs no
 * model, and of the file no more than the beginning that holds them. NIC_MALFORMED for metadata that cannot be
 * unpacked. */
NIC_API nic_status nic_read_metadata_size(const void *bytes, size_t size, const nic_limits *limits, nic_metadata kind,
                                          uint64_t *content_size, nic_error *error);

/* The same, and copies the content to `content`, the caller's memory of `capacity` bytes: all of it, or, with
 * NIC_INVALID_ARGUMENT, nothing if it is larger. `content` may be NULL with a capacity of 0. */
NIC_API nic_status nic_read_metadata(const void *bytes, size_t size, const nic_limits *limits, nic_metadata kind,
                                     void *content, size_t capacity, uint64_t *content_size, nic_error *error);

/* One slice of a file. */
typedef struct nic_slice_info {
  uint32_t x, y, width, height; /* pixels */
  uint64_t offset;              /* in the file */
  uint64_t size;                /* bytes, its check included */
  uint64_t hyper_size;          /* of these, coded hyper-latents */
  uint32_t check;
  uint32_t reserved32;  /* 0 */
  uint64_t reserved[2]; /* 0 */
} nic_slice_info;

/* Reads the header of a .nic file; needs no model. With `size` bytes of the beginning alone NIC_TRUNCATED is returned
 * with all fields known so far: those up to slice_rows are valid if width is not 0, file_size if it is not 0, and
 * header_size, hyper_size and latent_size count the slices that are whole. */
NIC_API nic_status nic_read_info(const void *bytes, size_t size, const nic_limits *limits, nic_info *info,
                                 nic_error *error);

/* Describes slice number `index` (left to right, then down) of a file. NIC_INVALID_ARGUMENT past the last,
 * NIC_TRUNCATED for a slice that does not lie within the bytes given. */
NIC_API nic_status nic_read_slice_info(const void *bytes, size_t size, const nic_limits *limits, uint64_t index,
                                       nic_slice_info *slice, nic_error *error);

/* Describes up to `capacity` slices from number `first` on, reading the file once however many there are. *count
 * receives how many were described: fewer than `capacity` at the end of the file, or with NIC_TRUNCATED where its bytes
 * end. */
NIC_API nic_status nic_read_slices(const void *bytes, size_t size, const nic_limits *limits, uint64_t first,
                                   nic_slice_info *slices, size_t capacity, size_t *count, nic_error *error);

#ifdef __cplusplus
}
#endif

#endif
