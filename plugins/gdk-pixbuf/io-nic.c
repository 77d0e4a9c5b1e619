/* gdk-pixbuf loader for .nic pictures: what GTK programs, thumbnailers and viewers read pictures through.
 *
 * The file's bytes are gathered as they come and decoded at its end: gdk-pixbuf then hands out the whole picture. Where
 * a program wants a small one, for instance a thumbnail, it is decoded 8 or 16 times smaller, which gdk-pixbuf then
 * fits to the size that was asked for. */
#define GDK_PIXBUF_ENABLE_BACKEND
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

#include "nic/nic.h"

G_MODULE_EXPORT void fill_vtable(GdkPixbufModule *module);
G_MODULE_EXPORT void fill_info(GdkPixbufFormat *info);

typedef struct {
  GdkPixbufModuleSizeFunc size_func;
  GdkPixbufModulePreparedFunc prepared_func;
  GdkPixbufModuleUpdatedFunc updated_func;
  gpointer user_data;
  GByteArray *bytes;
} Load;

static void set_error(GError **error, const nic_error *cause) {
  const int code = cause->status == NIC_OUT_OF_MEMORY || cause->status == NIC_LIMIT_MEMORY
                       ? GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY
                   : nic_status_band(cause->status) == 400 ? GDK_PIXBUF_ERROR_UNSUPPORTED_OPERATION
                                                           : GDK_PIXBUF_ERROR_CORRUPT_IMAGE;
  g_set_error(error, GDK_PIXBUF_ERROR, code, "nic: %s", cause->message);
}

/* The ICC profile, as gdk-pixbuf wants it: in base 64. */
static void keep_profile(nic_decoder *decoder, GdkPixbuf *pixbuf) {
  const uint8_t *bytes;
  size_t size;
  if (nic_decoder_metadata(decoder, NIC_METADATA_ICC, &bytes, &size) != NIC_OK || size == 0) return;
  gchar *text = g_base64_encode(bytes, size);
  gdk_pixbuf_set_option(pixbuf, "icc-profile", text);
  g_free(text);
}

/* The orientation out of Exif, which gdk_pixbuf_apply_embedded_orientation goes by: tag 0x0112 of the first folder. */
static unsigned read_orientation(const uint8_t *exif, size_t size) {
  if (size < 8) return 0;
  const int big = exif[0] == 'M';
#define U16(p) ((unsigned)(big ? (p)[0] << 8 | (p)[1] : (p)[1] << 8 | (p)[0]))
#define U32(p) (big ? U16(p) << 16 | U16((p) + 2) : U16((p) + 2) << 16 | U16(p))
  const size_t folder = U32(exif + 4);
  if (folder > size - 2) return 0;
  const size_t count = U16(exif + folder);
  if (count > (size - folder - 2) / 12) return 0;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t *entry = exif + folder + 2 + 12 * i;
    if (U16(entry) == 0x0112) return U16(entry + 8);
  }
#undef U16
#undef U32
  return 0;
}

static void keep_orientation(nic_decoder *decoder, GdkPixbuf *pixbuf) {
  const uint8_t *bytes;
  size_t size;
  if (nic_decoder_metadata(decoder, NIC_METADATA_EXIF, &bytes, &size) != NIC_OK) return;
  const unsigned orientation = read_orientation(bytes, size);
  if (orientation < 2 || orientation > 8) return;
  const char text[2] = {(char)('0' + orientation), 0};
  gdk_pixbuf_set_option(pixbuf, "orientation", text);
}

/* How many times smaller a picture can be decoded so that no side falls below what is wanted. */
static uint32_t choose_scale(const nic_info *info, int width, int height) {
  for (uint32_t scale = 16; scale >= 8; scale /= 2) {
    if (nic_scaled_side(info->width, scale) >= (uint32_t)width &&
        nic_scaled_side(info->height, scale) >= (uint32_t)height) {
      return scale;
    }
  }
  return 1;
}

static GdkPixbuf *decode_opened(nic_decoder *decoder, Load *load, GError **error) {
  nic_info info;
  if (nic_decoder_info(decoder, &info) != NIC_OK) return set_error(error, nic_decoder_error(decoder)), NULL;
  if (info.width > G_MAXINT || info.height > G_MAXINT) {
    g_set_error(error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_FAILED, "nic: larger than gdk-pixbuf can hold");
    return NULL;
  }
  int width = (int)info.width;
  int height = (int)info.height;
  if (load->size_func) load->size_func(&width, &height, load->user_data);
  if (width == 0 || height == 0) {
    g_set_error(error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_FAILED, "nic: the program wants no picture of this size");
    return NULL;
  }
  const uint32_t scale =
      width > 0 && height > 0 ? choose_scale(&info, width, height) : 1; /* below 0: nothing is wanted */
  const uint32_t columns = nic_scaled_side(info.width, scale);
  const uint32_t rows = nic_scaled_side(info.height, scale);
  GdkPixbuf *pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, info.has_alpha, 8, (int)columns, (int)rows);
  if (!pixbuf) {
    g_set_error(error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY, "nic: no memory for the picture");
    return NULL;
  }
  const nic_pixel_format format = info.has_alpha ? NIC_RGBA8 : NIC_RGB8;
  const nic_image image = {columns, rows, format, (size_t)gdk_pixbuf_get_rowstride(pixbuf),
                           gdk_pixbuf_get_pixels(pixbuf)};
  if (nic_decoder_set(decoder, NIC_DECODER_FORMAT, format) != NIC_OK ||
      nic_decoder_set(decoder, NIC_DECODER_SCALE, scale) != NIC_OK || nic_decoder_decode(decoder, &image) != NIC_OK) {
    set_error(error, nic_decoder_error(decoder));
    g_object_unref(pixbuf);
    return NULL;
  }
  keep_profile(decoder, pixbuf);
  keep_orientation(decoder, pixbuf);
  return pixbuf;
}

static GdkPixbuf *decode_with(nic_context *context, Load *load, GError **error) {
  nic_decoder *decoder;
  nic_error cause;
  if (nic_decoder_new(context, &decoder, &cause) != NIC_OK) return set_error(error, &cause), NULL;
  GdkPixbuf *pixbuf = NULL;
  if (nic_decoder_open(decoder, load->bytes->data, load->bytes->len) == NIC_OK) {
    pixbuf = decode_opened(decoder, load, error);
  } else {
    set_error(error, nic_decoder_error(decoder));
  }
  nic_decoder_free(decoder);
  return pixbuf;
}

static GdkPixbuf *decode(Load *load, GError **error) {
  nic_context *context;
  nic_error cause;
  if (nic_context_new(NULL, &context, &cause) != NIC_OK) return set_error(error, &cause), NULL;
  GdkPixbuf *pixbuf = decode_with(context, load, error);
  nic_context_free(context);
  return pixbuf;
}

static gpointer begin_load(GdkPixbufModuleSizeFunc size_func, GdkPixbufModulePreparedFunc prepared_func,
                           GdkPixbufModuleUpdatedFunc updated_func, gpointer user_data, GError **error) {
  (void)error;
  Load *load = g_new0(Load, 1);
  load->size_func = size_func;
  load->prepared_func = prepared_func;
  load->updated_func = updated_func;
  load->user_data = user_data;
  load->bytes = g_byte_array_new();
  return load;
}

static gboolean load_increment(gpointer context, const guchar *bytes, guint size, GError **error) {
  Load *load = context;
  if (size > G_MAXUINT - load->bytes->len) {
    g_set_error(error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_FAILED, "nic: the file is too large");
    return FALSE;
  }
  g_byte_array_append(load->bytes, bytes, size);
  return TRUE;
}

static gboolean stop_load(gpointer context, GError **error) {
  Load *load = context;
  GdkPixbuf *pixbuf = decode(load, error);
  if (pixbuf) {
    if (load->prepared_func) load->prepared_func(pixbuf, NULL, load->user_data);
    if (load->updated_func) {
      load->updated_func(pixbuf, 0, 0, gdk_pixbuf_get_width(pixbuf), gdk_pixbuf_get_height(pixbuf), load->user_data);
    }
    g_object_unref(pixbuf);
  }
  g_byte_array_unref(load->bytes);
  g_free(load);
  return pixbuf != NULL;
}

void fill_vtable(GdkPixbufModule *module) {
  module->begin_load = begin_load;
  module->load_increment = load_increment;
  module->stop_load = stop_load;
}

void fill_info(GdkPixbufFormat *info) {
  static GdkPixbufModulePattern signature[] = {{"\x8aNIC\r\n\x1a\n", "        ", 100}, {NULL, NULL, 0}};
  static gchar *mime_types[] = {"image/x-nic", NULL};
  static gchar *extensions[] = {"nic", NULL};
  info->name = "nic";
  info->signature = signature;
  info->description = "nic picture";
  info->mime_types = mime_types;
  info->extensions = extensions;
  info->flags = GDK_PIXBUF_FORMAT_THREADSAFE;
  info->license = "BSD";
}
