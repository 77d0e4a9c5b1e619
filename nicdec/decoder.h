// Turns .nic files into pictures.
#pragma once

#include <memory>

#include "nicdec/options.h"
#include "tools/batch.h"
#include "tools/context.h"
#include "tools/picture_writer.h"
#include "tools/report.h"

namespace nic::tools {

class Decoder {
 public:
  // Both must outlive the decoder.
  Decoder(const DecodeOptions* options, Report* report) : options_(options), report_(report) {}
  ~Decoder() { nic_decoder_free(decoder_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Makes the context, adds the model, sets the parameters; once, before Decode.
  Outcome Open();
  // Adds to the summary what the file came to.
  Outcome Decode(const Job& job, PictureFormat format, Summary* summary);

 private:
  Outcome Load(const std::string& path);
  Outcome SetRegion(nic_info* info);
  Outcome SetScale(nic_info* info);
  Outcome ReadMetadata(const Job& job, Metadata* metadata);
  // How the picture is to be turned, as ExifOrientation tells it; the metadata then ask for no more.
  uint32_t TakeOrientation(const Job& job, PictureFormat format, Metadata* metadata);
  Outcome WritePicture(const Job& job, const nic_info& info, PictureFormat format, Metadata metadata,
                       OutputFile* output);
  // `decoded` has the sides of what came out, `info` those of the picture.
  void Tell(const Job& job, const nic_info& info, const nic_info& decoded, double seconds);

  const DecodeOptions* options_;
  Report* report_;
  Context context_;
  nic_decoder* decoder_ = nullptr;
  std::vector<uint8_t> bytes_;  // of the present file
};

}  // namespace nic::tools
