/* decode_to_ppm INPUT.nic OUTPUT.ppm: the shortest use of libnic. */
#include <nic/nic.h>
#include <stdio.h>
#include <stdlib.h>

/* The whole file in memory that the caller frees; NULL on failure. */
static unsigned char *read_file(const char *path, size_t *size) {
  unsigned char *bytes = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) {
    const long length = ftell(file);
    rewind(file);
    bytes = length < 0 ? NULL : malloc((size_t)length + 1);
    *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
  }
  fclose(file);
  return bytes;
}

/* P5 for grey, P6 for colour, without alpha. Returns 0 on success. */
static int write_pnm(const char *path, const nic_image *image) {
  const size_t channels = nic_format_channels(image->format);
  const size_t colours = channels < 3 ? 1 : 3;
  const int deep = nic_format_depth(image->format) == 16;
  FILE *file = fopen(path, "wb");
  int failed = 0;
  if (!file) return 1;
  failed |= fprintf(file, "P%d\n%u %u\n%d\n", colours == 1 ? 5 : 6, image->width, image->height,
                    deep ? 65535 : 255) < 0;
  for (uint32_t y = 0; y < image->height; ++y) {
    const uint8_t *row = image->pixels + y * image->stride;
    for (size_t i = 0; i < image->width * channels; ++i) {
      if (i % channels >= colours) continue; /* alpha */
      if (deep) failed |= putc(((const uint16_t *)row)[i] >> 8, file) == EOF; /* PNM has the high byte first */
      failed |= putc((deep ? ((const uint16_t *)row)[i] : row[i]) & 255, file) == EOF;
    }
  }
  return fclose(file) != 0 || failed;
}

int main(int argc, char **argv) {
  size_t size;
  unsigned char *bytes;
  nic_image image;
  nic_error error;
  nic_status status;
  int failed;
  if (argc != 3) {
    fprintf(stderr, "usage: decode_to_ppm INPUT.nic OUTPUT.ppm\n");
    return 2;
  }
  bytes = read_file(argv[1], &size);
  if (!bytes) {
    perror(argv[1]);
    return 1;
  }
  status = nic_decode(NULL, bytes, size, &image, &error);
  free(bytes);
  if (status != NIC_OK) {
    fprintf(stderr, "%s: %s\n", argv[1], error.message);
    return 1;
  }
  failed = write_pnm(argv[2], &image);
  if (failed) perror(argv[2]);
  nic_free(NULL, image.pixels);
  return failed;
}
