/* encode_rows INPUT.ppm OUTPUT.nic: encodes an 8-bit P6 file row by row, never holding the picture. */
#include <nic/nic.h>
#include <stdio.h>
#include <stdlib.h>

/* Pushes the rows that stand in `file`. Returns 0 on success. */
static int push_rows(FILE *file, nic_encoder *encoder, unsigned width, unsigned height) {
  const size_t size = (size_t)width * 3;
  unsigned char *row = malloc(size);
  int failed = row == NULL;
  for (unsigned y = 0; y < height && !failed; ++y) {
    failed = fread(row, 1, size, file) != size || nic_encoder_push_rows(encoder, row, size, 1);
  }
  free(row);
  return failed;
}

static int write_file(const char *path, const unsigned char *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  int failed;
  if (!file) return 1;
  failed = fwrite(bytes, 1, size, file) != size;
  return fclose(file) != 0 || failed;
}

int main(int argc, char **argv) {
  nic_context *context = NULL;
  nic_encoder *encoder = NULL;
  const uint8_t *bytes;
  size_t size;
  unsigned width, height;
  FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  int failed = 1;
  if (!file || fscanf(file, "P6 %u %u 255", &width, &height) != 2 || fgetc(file) == EOF) {
    fprintf(stderr, "usage: encode_rows INPUT.ppm OUTPUT.nic, with an 8-bit P6 file without comments\n");
    if (file) fclose(file);
    return 2;
  }
  if (!nic_context_new(NULL, &context, NULL) && !nic_encoder_new(context, &encoder, NULL)) {
    failed = nic_encoder_begin(encoder, width, height, NIC_RGB8, 0) || push_rows(file, encoder, width, height) ||
             nic_encoder_finish(encoder, &bytes, &size, NULL) || write_file(argv[2], bytes, size);
    if (failed) {
      const char *message = nic_encoder_error(encoder)->message; /* empty if reading or writing failed */
      fprintf(stderr, "%s: %s\n", argv[1], *message ? message : "cannot be read, or its file not be written");
    }
  }
  nic_encoder_free(encoder);
  nic_context_free(context);
  fclose(file);
  return failed;
}
