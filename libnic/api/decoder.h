// What stands behind nic_decoder, and what its two ways of reading a file share: a whole one (decode.cc) and one that
// arrives in pieces (push.cc).
#pragma once

#include <cstdint>
#include <memory>

#include "api/context.h"
#include "api/metadata_kind.h"
#include "codec/gain_map.h"
#include "codec/picture_decoder.h"
#include "container/file.h"
#include "nic/decode.h"

namespace nic {

class PushedFile;

}  // namespace nic

// Not in a namespace: the public header declares it.
struct nic_decoder {
  explicit nic_decoder(nic_context& own_context);
  ~nic_decoder();

  nic_context& context;
  bool keep_going = false;
  int format = 0;    // 0: the file's
  nic::Rect region;  // empty: the whole picture
  int scale = 1;     // how many times smaller than the picture the result is; not together with a region

  nic::FileReader file;
  bool opened = false;  // the header is read, and the model there
  std::unique_ptr<nic::PushedFile> pushed;  // for a file that arrives in pieces
  const nic::Element* alpha_element = nullptr;
  const nic::Element* gain_map_element = nullptr;
  nic::Buffer<uint8_t> metadata[nic::kMetadataKinds];  // once asked for
  const nic::ModelStore::Model* model = nullptr;
  uint64_t damaged = 0;

  nic_error error = {};
};

namespace nic {

// Forgets the present file.
void CloseFile(nic_decoder& decoder);
// Finds the model of a file whose header is read, and checks that its gain is one of the model's.
Status FindModel(nic_decoder& decoder);
// Prepares what the scale asks of the model: to be called before it is decoded with.
Status FindPreview(nic_decoder& decoder);
// Finds what changes the pixels beside the latents; the pointers are valid as long as no element is read.
void FindParts(nic_decoder& decoder);
// Tells of slices that were passed over; of none if `first`, the first one's failure, is no failure.
void LogDamage(const nic_decoder& decoder, const Status& first);
Status ReadGainMap(const nic_decoder& decoder, GainMap* map);
SliceLayout LayoutOf(const nic_decoder& decoder);
// What decoding the result takes, in units of one multiply-accumulate.
Status CountWork(const nic_decoder& decoder, double* work);

// The format that rows are handed out in, and the region of the picture, or of the smaller one, that they are of.
nic_pixel_format ResultFormat(const nic_decoder& decoder);
Rect ResultRegion(const nic_decoder& decoder);

}  // namespace nic
