/* inspect INPUT.nic: what the beginning of a file tells, without decoding it. A header is all that this needs, so it
 * reads no more than 64 KiB: enough for a server that wants the size of a picture. */
#include <nic/nic.h>
#include <stdio.h>

int main(int argc, char **argv) {
  static unsigned char head[65536];
  nic_info info;
  nic_error error;
  nic_status status;
  size_t size;
  FILE *file;
  if (argc != 2) {
    fprintf(stderr, "usage: inspect INPUT.nic\n");
    return 2;
  }
  file = fopen(argv[1], "rb");
  if (!file) {
    perror(argv[1]);
    return 1;
  }
  size = fread(head, 1, sizeof head, file);
  fclose(file);

  /* NIC_TRUNCATED is no failure here: it only says that the pixels lie beyond what we read. */
  status = nic_read_info(head, size, NULL, &info, &error);
  if (status != NIC_OK && !(status == NIC_TRUNCATED && info.width != 0)) {
    fprintf(stderr, "%s: %s: %s\n", argv[1], nic_status_name(status), error.message);
    return 1;
  }
  printf("%u x %u, %s%s, model %u, gain level %u + %u/256\n", info.width, info.height,
         nic_format_channels(info.format) <= 2 ? "grey" : "RGB",
         info.has_alpha ? " with alpha" : "", info.model_id, info.gain_level, info.interpolation);
  return 0;
}
