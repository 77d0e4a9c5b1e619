/* decode_with_limits INPUT.nic MAX_PIXELS STOP_AT: decodes a file that nobody vouches for, as a server would: within
 * limits, with a progress callback that gives up once STOP_AT (0..1) of the work is done, row by row, so that the whole
 * picture is never in memory. Prints the mean of all samples. */
#include <nic/nic.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char bytes[16 << 20]; /* files beyond this size are cut, and then refused */

typedef struct sums {
  double total;
  double samples;
  size_t row; /* bytes */
} sums;

static int on_progress(void *user, double fraction) { return fraction >= *(const double *)user; }

static int on_rows(void *user, uint32_t y, uint32_t rows, const uint8_t *pixels, size_t stride) {
  sums *sum = user;
  (void)y;
  for (uint32_t i = 0; i < rows; ++i) {
    for (size_t x = 0; x < sum->row; ++x) sum->total += pixels[i * stride + x];
  }
  sum->samples += (double)rows * (double)sum->row;
  return 0;
}

/* Everything between opening the file and its last row. Returns the first failure's status. */
static nic_status decode(nic_decoder *decoder, size_t size, sums *sum) {
  nic_info info;
  nic_status status = nic_decoder_open(decoder, bytes, size);
  if (status == NIC_OK) status = nic_decoder_info(decoder, &info);
  /* Samples of 8 bits, whatever the file has. */
  if (status == NIC_OK) status = nic_decoder_set(decoder, NIC_DECODER_FORMAT, nic_format_channels(info.format));
  if (status != NIC_OK) return status;
  sum->row = (size_t)info.width * nic_format_channels(info.format);
  return nic_decoder_decode_rows(decoder, on_rows, sum);
}

int main(int argc, char **argv) {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  nic_context *context = NULL;
  nic_decoder *decoder = NULL;
  nic_error error;
  nic_status status;
  sums sum = {0, 0, 0};
  double stop_at;
  size_t size;
  FILE *file;
  if (argc != 4) {
    fprintf(stderr, "usage: decode_with_limits INPUT.nic MAX_PIXELS STOP_AT\n");
    return 2;
  }
  file = fopen(argv[1], "rb");
  if (!file) {
    perror(argv[1]);
    return 1;
  }
  size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);

  stop_at = atof(argv[3]);
  options.limits.max_pixels = strtoull(argv[2], NULL, 10);
  options.limits.max_memory = (uint64_t)256 << 20;
  options.progress = on_progress;
  options.progress_user = &stop_at;
  status = nic_context_new(&options, &context, &error);
  if (status == NIC_OK) status = nic_decoder_new(context, &decoder, &error);
  if (status == NIC_OK) {
    status = decode(decoder, size, &sum);
    error = *nic_decoder_error(decoder);
  }
  if (status == NIC_OK) {
    printf("mean %.2f of %.0f samples, at most %llu bytes of memory\n", sum.total / sum.samples, sum.samples,
           (unsigned long long)nic_context_peak_memory(context));
  } else {
    printf("%s: %s\n", nic_status_name(status), error.message);
  }
  nic_decoder_free(decoder);
  nic_context_free(context);
  return status != NIC_OK;
}
