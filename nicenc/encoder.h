// Turns pictures into .nic files.
#pragma once

#include "nicenc/options.h"
#include "tools/batch.h"
#include "tools/context.h"
#include "tools/picture.h"
#include "tools/report.h"

namespace nic::tools {

class Encoder {
 public:
  // Both must outlive the encoder.
  Encoder(const EncodeOptions* options, Report* report) : options_(options), report_(report) {}
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Finds the model and sets the parameters; once, before Encode.
  Outcome Open();
  // Adds to the summary what the file came to. Once interrupted (SIGINT, with an effort that searches), the picture
  // under work is written as well as it has become, and those after it fail.
  Outcome Encode(const Job& job, Summary* summary);

 private:
  Outcome Set(nic_encoder_parameter parameter, double value, const char* option);
  Outcome SetRate();
  Outcome SetRoi();
  bool NeedsWholePicture() const;
  Outcome SetMetadata(const Metadata& metadata);
  void Tell(const Job& job, const Picture& picture, const nic_encode_result& result, double seconds);
  static void Summarise(const Picture& picture, const nic_encode_result& result, double seconds, Summary* summary);

  const EncodeOptions* options_;
  Report* report_;
  Context context_;
  Metadata given_;  // by options
  nic_encoder* encoder_ = nullptr;
};

}  // namespace nic::tools
