#include "wild_numbers.h"

#include <limits.h>
#include <string.h>

int CallWith(int number, const struct WildCall *call) {
  unsigned char pixels[4 * 4 * 8] = {0};
  const nic_image image = {4, 4, (nic_pixel_format)number, 4 * 8, pixels};
  const uint8_t *bytes = NULL;
  uint8_t *owned = NULL;
  size_t size = 0;
  uint64_t content_size = 0;
  nic_bounds bounds;
  const nic_metadata kind = (nic_metadata)number;
  const nic_status answers[] = {
      nic_encode(NULL, &image, 50, &owned, &size, NULL),
      nic_encoder_encode(call->encoder, &image, 0, &bytes, &size, NULL),
      nic_encoder_begin(call->encoder, 4, 4, (nic_pixel_format)number, 0),
      nic_encoder_set_roi(call->encoder, &image, 1),
      nic_encoder_set(call->encoder, (nic_encoder_parameter)number, 1),
      nic_encoder_bounds((nic_encoder_parameter)number, &bounds),
      nic_encoder_set_metadata(call->encoder, kind, "text", 4),
      nic_decoder_decode(call->decoder, &image),
      nic_decoder_set(call->decoder, (nic_decoder_parameter)number, 1),
      nic_decoder_bounds((nic_decoder_parameter)number, &bounds),
      nic_decoder_metadata(call->decoder, kind, &bytes, &size),
      nic_read_metadata_size(call->file, call->file_size, NULL, kind, &content_size, NULL),
      nic_read_metadata(call->file, call->file_size, NULL, kind, pixels, sizeof pixels, &content_size, NULL),
  };
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; ++i) {
    if (answers[i] != NIC_INVALID_ARGUMENT) return (int)i;
  }
  return strcmp(nic_status_name((nic_status)number), "unknown status") == 0 ? -1 : INT_MAX;
}
