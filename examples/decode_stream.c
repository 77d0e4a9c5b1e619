/* decode_stream < INPUT.nic > OUTPUT.ppm: decodes while the file arrives, as a viewer does with a download, and writes
 * what there is of one that ends early. */
#include <nic/nic.h>
#include <stdio.h>

/* The header of a PNM file for the rows to come: P6 for colour, P5 for grey. Returns 0 on success. */
static int write_header(nic_decoder *decoder) {
  nic_info info;
  int grey;
  if (nic_decoder_info(decoder, &info)) return 1;
  grey = info.format == NIC_GREY8 || info.format == NIC_GREY_ALPHA8;
  if (nic_decoder_set(decoder, NIC_DECODER_FORMAT, grey ? NIC_GREY8 : NIC_RGB8)) return 1;
  return printf("P%d\n%u %u\n255\n", grey ? 5 : 6, info.width, info.height) < 0;
}

/* One piece of the input. Returns 0 on success. */
static int push_piece(nic_decoder *decoder) {
  unsigned char piece[4096];
  const size_t size = fread(piece, 1, sizeof piece, stdin);
  return size ? nic_decoder_push(decoder, piece, size) : nic_decoder_end_push(decoder);
}

/* Does what an event asks for. Returns 0 on success. */
static int handle(nic_decoder *decoder, const nic_event *event) {
  switch (event->type) {
    case NIC_EVENT_NEED_MORE:
      return push_piece(decoder);
    case NIC_EVENT_PICTURE:
      return write_header(decoder);
    case NIC_EVENT_ROWS:
      return fwrite(event->pixels, event->stride, event->rows, stdout) != event->rows;
    default:
      return 0;
  }
}

int main(void) {
  nic_context *context = NULL;
  nic_decoder *decoder = NULL;
  nic_error error;
  nic_event event = NIC_EVENT_INIT;
  int failed;
  if (nic_context_new(NULL, &context, &error) || nic_decoder_new(context, &decoder, &error)) {
    fprintf(stderr, "%s\n", error.message);
    nic_context_free(context);
    return 1;
  }
  failed = nic_decoder_set(decoder, NIC_DECODER_KEEP_GOING, 1) || nic_decoder_begin_push(decoder);
  while (!failed && event.type != NIC_EVENT_DONE) {
    failed = nic_decoder_next(decoder, &event) || handle(decoder, &event);
  }
  /* With NIC_DECODER_KEEP_GOING all rows were written even where the file is cut or damaged. */
  if (failed)
    fprintf(stderr, "%s: %s\n", nic_status_name(nic_decoder_error(decoder)->status),
            nic_decoder_error(decoder)->message);
  nic_decoder_free(decoder);
  nic_context_free(context);
  return failed ? 1 : 0;
}
