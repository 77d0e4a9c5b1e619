/* Encodes and decodes a grey square with the default model. */
#include <nic/nic.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  static uint8_t pixels[64 * 64];
  memset(pixels, 90, sizeof pixels);
  const nic_image image = {64, 64, NIC_GREY8, 64, pixels};
  nic_image decoded;
  nic_error error;
  uint8_t *bytes = NULL;
  size_t size = 0;
  if (nic_encode(NULL, &image, 75, &bytes, &size, &error) || nic_decode(NULL, bytes, size, &decoded, &error)) {
    fprintf(stderr, "consumer: %s: %s\n", nic_status_name(error.status), error.message);
    return 1;
  }
  printf("libnic %s: %zu bytes, first sample %d\n", nic_version(), size, decoded.pixels[0]);
  const int close = decoded.pixels[0] > 80 && decoded.pixels[0] < 100;
  nic_free(NULL, decoded.pixels);
  nic_free(NULL, bytes);
  return close ? 0 : 1;
}
